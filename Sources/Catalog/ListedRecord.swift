package import Publication
package import TableSchema
package import Tabular

/// What is published of a conditional dataset (its description, public schema and conditions) or of a closed one that is listed
/// (its description and reason), and nothing of the data: no byte, digest, length or row count.
///
/// `site/listed.json` holds all of them, signed by the site role.
package struct ListedRecord: Sendable {
  package let dataset: DatasetID
  package let metadata: JSON
  /// The columns that are published under the dataset's conditions; nil for a closed dataset.
  package let schema: Schema?

  package init(dataset: DatasetID, access: Access, metadata: JSON, schema: Schema) {
    self.dataset = dataset
    self.metadata = metadata
    self.schema = access == .conditional ? schema : nil
  }

  /// Reads a record back; nil for one that is none.
  package init?(json: JSON) {
    guard let dataset = json["dataset"]?.text.flatMap(DatasetID.init), let metadata = json["metadata"]
    else { return nil }
    self.dataset = dataset
    self.metadata = metadata
    schema = json["schema"].flatMap { try? Schema(json: $0) }
  }

  package var json: JSON {
    .members([("dataset", .string(dataset.description)), ("metadata", metadata), ("schema", schema?.json)])
  }
}
