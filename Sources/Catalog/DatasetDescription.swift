package import Publication
package import Tabular

/// What people read about a dataset, read back from the metadata of its record: so a catalogue says what was released, whatever
/// the configuration says meanwhile.
package struct DatasetDescription: Sendable {
  package let id: DatasetID
  let title: LocalizedText
  let description: LocalizedText
  let access: Access
  let conditions: LocalizedText?
  let audience: [Audience]
  let domain: LocalizedText
  let legalBasis: LocalizedText?
  let frequency: Frequency
  let keywords: [Language: [String]]
  let license: License
  let department: Department

  /// Nil where a member is missing or is not what it should be.
  package init?(id: DatasetID, metadata: JSON) {
    func both(_ json: JSON?) -> LocalizedText? {
      json?["zh"]?.text.map { LocalizedText(zh: $0, en: json?["en"]?.text) }
    }
    let custodian = metadata["department"]
    let contact = custodian?["contact"]
    guard let title = both(metadata["title"]), let description = both(metadata["description"]),
      let domain = both(metadata["domain"]),
      let access = metadata["access"]?.text.flatMap(Access.init(rawValue:)),
      let frequency = metadata["frequency"]?.text.flatMap(Frequency.init(rawValue:)),
      let licenseName = metadata["license"]?["name"]?.text,
      let licenseTitle = both(metadata["license"]?["title"]), let licensePath = metadata["license"]?["path"]?.text,
      let departmentName = both(custodian?["name"]), let contactName = both(contact?["name"])
    else { return nil }
    self.id = id
    self.title = title
    self.description = description
    self.access = access
    conditions = both(metadata["conditions"])
    audience = (metadata["audience"]?.elements ?? []).compactMap { $0.text.flatMap(Audience.init(rawValue:)) }
    self.domain = domain
    legalBasis = both(metadata["legal_basis"])
    self.frequency = frequency
    var keywords: [Language: [String]] = [:]
    for language in Language.allCases {
      keywords[language] = metadata["keywords"]?[language.rawValue]?.elements?.compactMap(\.text)
    }
    self.keywords = keywords
    license = License(name: licenseName, title: licenseTitle, path: licensePath)
    department = Department(
      id: id.department, name: departmentName,
      contact: Contact(name: contactName, email: contact?["email"]?.text, telephone: contact?["telephone"]?.text),
      history: [])
  }
}
