package import Publication

/// A dataset with nothing particular about it, for tests of single stages.
package struct SampleDataset {
  package let columns: [ColumnPolicy]
  package let text = LocalizedText(zh: "测试")
  package var contact: Contact { Contact(name: text, email: nil, telephone: nil) }
  package var license: License { License(name: "CC-BY-4.0", title: text, path: "https://license.example/") }

  package init(columns: [ColumnPolicy]) { self.columns = columns }

  package func dataset() throws -> Dataset {
    let id = try DatasetID(department: DepartmentID("office"), name: "things")
    return Dataset(
      id: id, department: Department(id: id.department, name: text, contact: contact, history: []), title: text,
      description: text,
      subject: .none, access: .unconditional, isListed: true, conditions: nil, audience: [], domain: text,
      legalBasis: nil,
      frequency: .yearly, keywords: [:], license: license,
      source: Source(place: .file(path: "", root: ""), encoding: nil, dialect: .init()),
      schemaName: "things", columns: columns, assertions: Assertions(), releaseKey: [], formats: RowFormat.allCases,
      approval: .none, schedule: nil)
  }
}
