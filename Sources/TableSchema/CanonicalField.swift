internal import Tabular

extension SchemaField {
  /// The field of the published form: its type, and the values of its constraints, in the one way that Daylight publishes them.
  ///
  /// - Precondition: the field's rules were compiled before (`FieldCheck`): what is no value of the type stays as it is.
  package var canonical: SchemaField {
    let reader = ValueReader(type)
    func canonical(_ text: String) -> String {
      var rewritten: [UInt8] = []
      let verdict = reader.read(Array(text.utf8).span, rewritingInto: &rewritten)
      return verdict == .rewritten ? String(decoding: rewritten, as: UTF8.self) : text
    }
    var field = self
    field.type = type.canonical
    field.missingValues = nil
    field.constraints.minimum = constraints.minimum.map(canonical)
    field.constraints.maximum = constraints.maximum.map(canonical)
    field.constraints.exclusiveMinimum = constraints.exclusiveMinimum.map(canonical)
    field.constraints.exclusiveMaximum = constraints.exclusiveMaximum.map(canonical)
    field.constraints.enumeration = constraints.enumeration?.map(canonical)
    field.categories = categories?.map { Category(canonical($0.value), label: $0.label) }
    return field
  }
}
