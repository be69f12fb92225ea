internal import Export
internal import Publication
internal import Tabular

/// The catalogue in DCAT-AP 3.0.1.
///
/// Every node has an IRI of its own, below the site's permanent base.
///
/// - Source: DCAT 3; DCAT-AP 3.0.1; the EU authority tables for frequency, file type and access right.
func catalogGraph(_ entries: [CatalogEntry], site: Site) -> RDFGraph {
  var builder = CatalogGraphBuilder(site: site)
  builder.addCatalog(entries)
  for entry in entries { builder.add(entry) }
  return builder.graph
}

private struct CatalogGraphBuilder {
  let site: Site
  var graph = RDFGraph(prefixes: [
    ("adms", "http://www.w3.org/ns/adms#"), ("dcat", "http://www.w3.org/ns/dcat#"),
    ("dct", "http://purl.org/dc/terms/"),
    ("foaf", "http://xmlns.com/foaf/0.1/"), ("spdx", "http://spdx.org/rdf/terms#"),
    ("vcard", "http://www.w3.org/2006/vcard/ns#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
  ])

  private var catalog: String { "\(site.identifierBase)/catalog" }
  private var publisher: String { "\(site.identifierBase)/publisher" }

  init(site: Site) { self.site = site }

  mutating func addCatalog(_ entries: [CatalogEntry]) {
    graph.add(catalog, type: "dcat:Catalog")
    add(catalog, "dct:title", site.title)
    add(catalog, "dct:description", site.description)
    graph.add(catalog, "dct:publisher", .iri(publisher))
    graph.add(publisher, type: "foaf:Agent")
    add(publisher, "foaf:name", site.publisher)
    document(catalog, "foaf:homepage", "\(site.baseURL)/")
    license(catalog, site.license)
    // The newest release dates the catalogue, not the moment of writing.
    if let newest = entries.compactMap({ $0.releases.first?.modified }).max() { time(catalog, "dct:modified", newest) }
    for entry in entries { graph.add(catalog, "dcat:dataset", .iri(identifier(entry))) }
  }

  mutating func add(_ entry: CatalogEntry) {
    let dataset = entry.dataset
    let id = identifier(entry)
    let page = "\(site.baseURL)/datasets/\(dataset.id)/"
    graph.add(id, type: "dcat:Dataset")
    graph.add(id, "dct:identifier", .text(id, language: nil))
    add(id, "dct:title", dataset.title)
    add(id, "dct:description", dataset.description)
    graph.add(id, "dct:publisher", .iri(publisher))
    addDepartment(dataset.department, of: id)
    for language in Language.allCases {
      for keyword in dataset.keywords[language] ?? [] {
        graph.add(id, "dcat:keyword", .text(keyword, language: language.tag))
      }
    }
    typed(
      id, "dct:accrualPeriodicity",
      "http://publications.europa.eu/resource/authority/frequency/\(frequencyCode(dataset.frequency))", "dct:Frequency")
    typed(
      id, "dct:accessRights",
      "http://publications.europa.eu/resource/authority/access-right/\(accessCode(dataset.access))",
      "dct:RightsStatement")
    document(id, "dcat:landingPage", page)
    guard let release = entry.releases.first else { return }
    time(id, "dct:issued", release.issued)
    time(id, "dct:modified", release.modified)
    graph.add(id, "dcat:version", .text(release.version.description, language: nil))
    for file in release.json["files"]?.elements ?? [] where file["role"]?.text == "data" {
      addDistribution(file, of: release, dataset: dataset, id: id, page: page)
    }
  }

  private mutating func addDepartment(_ department: Department, of id: String) {
    let iri = "\(site.identifierBase)/department/\(department.id)"
    graph.add(id, "dct:creator", .iri(iri))
    graph.add(iri, type: "foaf:Agent")
    add(iri, "foaf:name", department.name)
    let contact = "\(iri)#contact"
    graph.add(id, "dcat:contactPoint", .iri(contact))
    graph.add(contact, type: "vcard:Kind")
    add(contact, "vcard:fn", department.contact.name)
    if let email = department.contact.email { graph.add(contact, "vcard:hasEmail", .iri("mailto:\(email)")) }
    if let telephone = department.contact.telephone {
      graph.add(contact, "vcard:hasTelephone", .iri("tel:\(telephone.filter { !$0.isWhitespace })"))
    }
  }

  private mutating func addDistribution(
    _ file: JSON, of release: ReleaseRecord, dataset: DatasetDescription, id: String, page: String
  ) {
    guard let name = file["path"]?.text, let length = file["length"]?.integer, let digest = file["sha256"]?.text,
      let mediaType = file["media_type"]?.text
    else { return }
    // A zip file holds CSV.
    let isZip = mediaType == "application/zip"
    let isCSV = isZip || mediaType == "text/csv"
    let kind = isZip ? "zip" : isCSV ? "csv" : "json"
    let iri = "\(site.identifierBase)/distribution/\(dataset.id)/\(kind)"
    graph.add(id, "dcat:distribution", .iri(iri))
    graph.add(iri, type: "dcat:Distribution")
    graph.add(
      iri, "dct:title",
      .text("\(dataset.title.zh) (\(isZip ? "ZIP" : isCSV ? "CSV" : "JSON"))", language: Language.zh.tag))
    typed(iri, "dcat:accessURL", page, "foaf:Document")
    graph.add(iri, "dcat:downloadURL", .iri("\(site.baseURL)/data/\(release.folder)/\(name)"))
    graph.add(iri, "dcat:byteSize", .typed(String(length), type: "xsd:nonNegativeInteger"))
    let mediaTypes = "https://www.iana.org/assignments/media-types"
    typed(iri, "dcat:mediaType", "\(mediaTypes)/\(isZip ? "text/csv" : mediaType)", "dct:MediaType")
    typed(
      iri, isZip ? "dcat:packageFormat" : "dcat:compressFormat", "\(mediaTypes)/application/\(isZip ? "zip" : "gzip")",
      "dct:MediaType")
    typed(
      iri, "dct:format", "http://publications.europa.eu/resource/authority/file-type/\(isCSV ? "CSV" : "JSON")",
      "dct:MediaTypeOrExtent")
    time(iri, "dct:modified", release.modified)
    license(iri, dataset.license)
    let checksum = "\(iri)#checksum"
    graph.add(iri, "spdx:checksum", .iri(checksum))
    graph.add(checksum, type: "spdx:Checksum")
    typed(checksum, "spdx:algorithm", "spdx:checksumAlgorithm_sha256", "spdx:ChecksumAlgorithm")
    graph.add(checksum, "spdx:checksumValue", .typed(digest, type: "xsd:hexBinary"))
  }

  private func identifier(_ entry: CatalogEntry) -> String { "\(site.identifierBase)/dataset/\(entry.dataset.id)" }

  private mutating func add(_ subject: String, _ predicate: String, _ text: LocalizedText) {
    graph.add(subject, predicate, .text(text.zh, language: Language.zh.tag))
    if let english = text.en { graph.add(subject, predicate, .text(english, language: Language.en.tag)) }
  }

  private mutating func time(_ subject: String, _ predicate: String, _ instant: Instant) {
    graph.add(subject, predicate, .typed(instant.description, type: "xsd:dateTime"))
  }

  private mutating func typed(_ subject: String, _ predicate: String, _ object: String, _ type: String) {
    graph.add(subject, predicate, .iri(object))
    graph.add(object, type: type)
  }

  private mutating func document(_ subject: String, _ predicate: String, _ address: String) {
    typed(subject, predicate, address, "foaf:Document")
  }

  private mutating func license(_ subject: String, _ license: License) {
    typed(subject, "dct:license", license.path, "dct:LicenseDocument")
  }

  private func frequencyCode(_ frequency: Frequency) -> String {
    switch frequency {
    case .continuous: "CONT"
    case .daily: "DAILY"
    case .weekly: "WEEKLY"
    case .monthly: "MONTHLY"
    case .quarterly: "QUARTERLY"
    case .halfYearly: "ANNUAL_2"
    case .yearly: "ANNUAL"
    case .irregular: "IRREG"
    case .never: "NEVER"
    }
  }

  private func accessCode(_ access: Access) -> String {
    switch access {
    case .unconditional: "PUBLIC"
    case .conditional: "RESTRICTED"
    case .closed: "NON_PUBLIC"
    }
  }
}
