internal import Publication
internal import Tabular

/// Reads the text of one cell as a field's type says, and gives the form that Daylight publishes.
///
/// All work is on bytes: `Double`, `Decimal` and `DateFormatter` accept what they should not (validation.md §7).
struct ValueReader: Sendable {
  let type: FieldType
  /// What is asked of every cell, without references: looked up in the type it would cost more than the check.
  let kind: Kind
  private let numberOptions: FieldType.NumberOptions
  private let trueValues: ByteSet
  private let falseValues: ByteSet
  private let timePattern: TimePattern?
  private let delimiter: [UInt8]
  private let item: ItemReader?

  enum Kind: Sendable {
    case string, email, uri, binary, uuid, any
    case integer(pointIsPlain: Bool), number(pointIsPlain: Bool)
    case boolean, list, duration, year, yearmonth
    case date, anyDate, patternDate, time, anyTime, patternTime, datetime, anyDatetime, patternDatetime
    case object, array, geopoint, geopointArray, geopointObject, geojson, topojson
  }

  /// The reader of a list's items, behind a reference, because a reader cannot hold itself.
  private final class ItemReader: Sendable {
    let reader: ValueReader
    init(_ item: FieldType.ListItem) {
      let type: FieldType =
        switch item {
        case .string: .plainString
        case .integer: .canonicalInteger
        case .number: .canonicalNumber
        case .boolean:
          .boolean(trueValues: FieldType.defaultTrueValues, falseValues: FieldType.defaultFalseValues)
        case .datetime: .datetime(.default)
        case .date: .date(.default)
        case .time: .time(.default)
        }
      reader = ValueReader(type)
    }
  }

  init(_ type: FieldType) {
    self.type = type
    var numberOptions = FieldType.NumberOptions()
    var (yes, no) = (ByteSet([]), ByteSet([]))
    var timePattern: TimePattern?
    var (delimiter, item): ([UInt8], ItemReader?) = ([], nil)
    func timeKind(_ format: FieldType.TimeFormat, _ kinds: (Kind, Kind, Kind)) -> Kind {
      switch format {
      case .default: return kinds.0
      case .any: return kinds.1
      case .pattern(let pattern):
        timePattern = pattern
        return kinds.2
      }
    }
    switch type {
    case .string(let format):
      kind =
        switch format {
        case .default: .string
        case .email: .email
        case .uri: .uri
        case .binary: .binary
        case .uuid: .uuid
        }
    case .integer(let options):
      numberOptions = options
      kind = .integer(pointIsPlain: options.decimalChar == [0x2e])
    case .number(let options):
      numberOptions = options
      kind = .number(pointIsPlain: options.decimalChar == [0x2e])
    case .boolean(let trueValues, let falseValues):
      (yes, no) = (byteSet(trueValues), byteSet(falseValues))
      kind = .boolean
    case .list(let separator, let itemType):
      (delimiter, item) = (Array(separator.utf8), ItemReader(itemType))
      kind = .list
    case .date(let format): kind = timeKind(format, (.date, .anyDate, .patternDate))
    case .time(let format): kind = timeKind(format, (.time, .anyTime, .patternTime))
    case .datetime(let format): kind = timeKind(format, (.datetime, .anyDatetime, .patternDatetime))
    case .object: kind = .object
    case .array: kind = .array
    case .year: kind = .year
    case .yearmonth: kind = .yearmonth
    case .duration: kind = .duration
    case .geopoint(let format):
      kind = format == .default ? .geopoint : format == .array ? .geopointArray : .geopointObject
    case .geojson(let format): kind = format == .default ? .geojson : .topojson
    case .any: kind = .any
    }
    self.numberOptions = numberOptions
    (trueValues, falseValues) = (yes, no)
    self.timePattern = timePattern
    self.delimiter = delimiter
    self.item = item
  }

  /// Whether the text is of the type; the published form is appended where it is another one.
  func read(_ text: Span<UInt8>, rewritingInto canonical: inout [UInt8]) -> FieldCheck.Verdict {
    switch kind {
    case .string, .any: return .asWritten
    case .integer(let pointIsPlain):
      if pointIsPlain && isPublishedNumber(text, isInteger: true) { return .asWritten }
      return readNumber(copy(text)[...], options: numberOptions, isInteger: true, appendingTo: &canonical)
        ? .rewritten : .wrongType
    case .number(let pointIsPlain):
      if pointIsPlain && isPublishedNumber(text, isInteger: false) { return .asWritten }
      return readNumber(copy(text)[...], options: numberOptions, isInteger: false, appendingTo: &canonical)
        ? .rewritten : .wrongType
    case .boolean:
      guard trueValues.contains(text) || falseValues.contains(text) else { return .wrongType }
      canonical.append(contentsOf: trueValues.contains(text) ? trueBytes : falseBytes)
      return .rewritten
    case .date: return verdict(text.count == 10 && readDate(text) != nil)
    case .datetime: return verdict(CivilTime(text) != nil)
    case .year: return verdict(ZonedNumber(year: text) != nil)
    case .yearmonth: return verdict(ZonedNumber(yearMonth: text) != nil)
    case .anyDate, .patternDate, .anyTime, .patternTime, .anyDatetime, .patternDatetime:
      return readMoment(text, rewritingInto: &canonical) ? .rewritten : .wrongType
    case .time: return verdict(text.count == 8 && readTime(text) != nil)
    case .duration: return verdict(CivilDuration(text) != nil)
    case .email: return verdict(isEmail(text))
    case .uri: return verdict(isURI(text))
    case .binary: return verdict(isBase64(text))
    case .uuid: return verdict(isUUID(text))
    case .list: return verdict(itemCount(text) != nil)
    case .geopoint: return verdict(isGeopoint(copy(text)[...]))
    case .object, .array, .geopointArray, .geopointObject, .geojson, .topojson:
      return verdict(json(text).map(isOfJSONType) ?? false)
    }
  }

  private func verdict(_ isOfType: Bool) -> FieldCheck.Verdict { isOfType ? .asWritten : .wrongType }

  private func json(_ text: Span<UInt8>) -> JSON? { try? JSONParser.parse(copy(text)) }

  private func isOfJSONType(_ json: JSON) -> Bool {
    switch kind {
    case .object: json.members != nil
    case .array: json.elements != nil
    case .geopointArray: isGeopoint(json, .array)
    case .geopointObject: isGeopoint(json, .object)
    case .geojson: isGeoJSON(json)
    case .topojson: isTopoJSON(json)
    default: false
    }
  }

  private func readMoment(_ text: Span<UInt8>, rewritingInto canonical: inout [UInt8]) -> Bool {
    switch kind {
    case .anyDate:
      guard let (date, end) = readAnyDate(text), end == text.count else { return false }
      canonical.append(contentsOf: date.description.utf8)
    case .anyTime:
      guard let (time, fraction, _) = readAnyTime(text, from: 0), fraction.isEmpty else { return false }
      canonical.append(contentsOf: time)
    case .anyDatetime:
      guard let (date, end) = readAnyDate(text), end < text.count else { return false }
      var start = end
      if text[start] == UInt8(ascii: "T") { start += 1 } else { skipSpaces(text, &start) }
      guard start > end || text[end - 1] >= 0x80, let (time, fraction, zone) = readAnyTime(text, from: start) else {
        return false
      }
      appendMoment(date, time, fraction, zone, to: &canonical)
    default:
      guard let moment = timePattern?.read(text) else { return false }
      let time = moment.time.map { clockText($0.hour, $0.minute, $0.second) }
      if case .patternTime = kind {
        guard let time else { return false }
        canonical.append(contentsOf: time)
      } else {
        guard let date = moment.date else { return false }
        if case .patternDate = kind {
          canonical.append(contentsOf: date.description.utf8)
        } else {
          guard let time else { return false }
          appendMoment(date, time, moment.fraction, moment.zone, to: &canonical)
        }
      }
    }
    return true
  }

  private func appendMoment(
    _ date: CivilDate, _ time: [UInt8], _ fraction: [UInt8], _ zone: [UInt8], to canonical: inout [UInt8]
  ) {
    canonical.append(contentsOf: date.description.utf8)
    canonical.append(UInt8(ascii: "T"))
    canonical.append(contentsOf: time)
    if fraction.contains(where: { $0 != 0x30 }) {
      canonical.append(UInt8(ascii: "."))
      canonical.append(contentsOf: fraction)
    }
    canonical.append(contentsOf: zone)
  }

  /// Calls for each item of a list.
  private func forEachItem(_ text: Span<UInt8>, _ body: (Span<UInt8>) -> Void) {
    var start = 0
    var index = 0
    while index + delimiter.count <= text.count {
      var isHere = true
      for (offset, byte) in delimiter.enumerated() where text[index + offset] != byte { isHere = false }
      if isHere {
        body(text.extracting(start..<index))
        index += delimiter.count
        start = index
      } else {
        index += 1
      }
    }
    body(text.extracting(start..<text.count))
  }

  /// How many items a list has, each of which is of the item's type; nil where one is not.
  private func itemCount(_ text: Span<UInt8>) -> Int? {
    guard let reader = item?.reader else { return nil }
    // No text, no item.
    guard !text.isEmpty else { return 0 }
    var count = 0
    var areOfType = true
    var scratch: [UInt8] = []
    forEachItem(text) { item in
      count += 1
      if areOfType && reader.read(item, rewritingInto: &scratch) == .wrongType { areOfType = false }
    }
    return areOfType ? count : nil
  }

  /// Characters of a string, items of a list or array, members of an object.
  ///
  /// Characters are Unicode scalars, as other tools count them: é of two scalars is two.
  ///
  /// - Precondition: a value of the type.
  func length(of text: Span<UInt8>) -> Int {
    switch kind {
    case .list: itemCount(text) ?? 0
    case .array: json(text)?.elements?.count ?? 0
    case .object: json(text)?.members?.count ?? 0
    default: scalarCount(text)
    }
  }

  /// The JSON in a cell.
  ///
  /// - Precondition: a value of the type.
  func jsonValue(of text: Span<UInt8>) -> JSON { json(text) ?? .null }

  /// The logical value as bytes: equal values (1 = 01 = 1.0) have equal bytes.
  ///
  /// For unique, keys and enumerations.
  ///
  /// - Parameter canonical: a value in its published form.
  func key(of canonical: Span<UInt8>) -> [UInt8] {
    switch kind {
    case .integer, .number: return ExactDecimal(canonical: copy(canonical)[...]).key
    case .datetime, .anyDatetime, .patternDatetime: return CivilTime(canonical)?.key ?? copy(canonical)
    case .duration: return CivilDuration(canonical)?.key ?? copy(canonical)
    case .list:
      guard let reader = item?.reader, !canonical.isEmpty else { return [] }
      var key: [UInt8] = []
      forEachItem(canonical) { item in
        var rewritten: [UInt8] = []
        let part =
          reader.read(item, rewritingInto: &rewritten) == .rewritten
          ? reader.key(of: rewritten.span) : reader.key(of: item)
        key += Array("\(part.count):".utf8) + part
      }
      return key
    case .object, .array, .geopointArray, .geopointObject, .geojson, .topojson:
      return equalityKey(of: jsonValue(of: canonical))
    case .geopoint:
      let parts = copy(canonical).filter { $0 != 0x20 }.split(separator: UInt8(ascii: ","))
      return parts.flatMap { part -> [UInt8] in
        var number: [UInt8] = []
        _ = readNumber(part, options: numberOptions, isInteger: false, appendingTo: &number)
        return ExactDecimal(canonical: number[...]).key + [UInt8(ascii: ",")]
      }
    default: return copy(canonical)
    }
  }

  /// Whether the key of every value is its published form.
  var isKeyAsWritten: Bool {
    switch kind {
    case .string, .email, .binary, .uuid, .any, .boolean, .date, .anyDate, .patternDate, .time, .anyTime, .patternTime,
      .uri, .year, .yearmonth:
      true
    default: false
    }
  }

  /// Whether a value stands in JSON as a number, where its column is one: a year of another form does not.
  func isPlainYear(_ text: Span<UInt8>) -> Bool { text.count == 4 && text[0] != 0x30 && isDigit(text[0]) }
}

func copy(_ text: Span<UInt8>) -> [UInt8] { text.withUnsafeBufferPointer { Array($0) } }

/// The texts as bytes: `String` takes some that differ for equal.
func byteSet(_ texts: [String]) -> ByteSet { ByteSet(Set(texts.map { Array($0.utf8)[...] })) }

private let trueBytes = Array("true".utf8)
private let falseBytes = Array("false".utf8)
