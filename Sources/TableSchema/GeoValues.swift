internal import Tabular

private let numberOptions = FieldType.NumberOptions()

/// `lon, lat`: two numbers, a space after the comma or none.
///
/// Beyond 180 and 90 degrees it is no point on earth: the text of the specification sets no range, its implementation does.
func isGeopoint(_ text: ArraySlice<UInt8>) -> Bool {
  guard let comma = text.firstIndex(of: UInt8(ascii: ",")) else { return false }
  var latitude = text[(comma + 1)...]
  if latitude.first == 0x20 { latitude = latitude.dropFirst() }
  return isDegree(text[..<comma], within: 180) && isDegree(latitude, within: 90)
}

private func isDegree(_ text: ArraySlice<UInt8>, within limit: Int) -> Bool {
  var canonical: [UInt8] = []
  guard readNumber(text, options: numberOptions, isInteger: false, appendingTo: &canonical) else { return false }
  return isDegree(ExactDecimal(canonical: canonical[...]), within: limit)
}

private func isDegree(_ value: ExactDecimal, within limit: Int) -> Bool {
  let most = ExactDecimal(canonical: Array("\(limit)".utf8)[...])
  let least = ExactDecimal(canonical: Array("-\(limit)".utf8)[...])
  return value.isFinite && !(most < value) && !(value < least)
}

private func isDegree(_ json: JSON?, within limit: Int) -> Bool {
  guard case .number(let text)? = json else { return false }
  return isDegree(ExactDecimal(canonical: Array(text.utf8)[...]), within: limit)
}

/// Whether a JSON value is a point: `[lon, lat]` or `{"lon": …, "lat": …}`, numbers and nothing besides.
func isGeopoint(_ json: JSON, _ format: FieldType.GeopointFormat) -> Bool {
  if format == .array {
    guard let elements = json.elements, elements.count == 2 else { return false }
    return isDegree(elements[0], within: 180) && isDegree(elements[1], within: 90)
  }
  return json.members?.count == 2 && isDegree(json["lon"], within: 180) && isDegree(json["lat"], within: 90)
}

/// Whether a JSON value is a GeoJSON object.
///
/// - Source: RFC 7946 §3; foreign members are allowed.
func isGeoJSON(_ json: JSON) -> Bool {
  guard hasGoodBox(json) else { return false }
  switch json["type"]?.text {
  case "Feature": return isFeature(json)
  case "FeatureCollection": return json["features"]?.elements?.allSatisfy(isFeature) ?? false
  default: return isGeometry(json)
  }
}

private func isFeature(_ json: JSON) -> Bool {
  guard json["type"] == "Feature", let geometry = json["geometry"], let properties = json["properties"],
    hasGoodBox(json)
  else { return false }
  switch json["id"] {
  case nil, .string?, .number?: break
  default: return false
  }
  return (geometry == .null || isGeometry(geometry)) && (properties == .null || properties.members != nil)
}

private func isGeometry(_ json: JSON) -> Bool {
  guard let type = json["type"]?.text, hasGoodBox(json) else { return false }
  if type == "GeometryCollection" { return json["geometries"]?.elements?.allSatisfy(isGeometry) ?? false }
  guard let coordinates = json["coordinates"] else { return false }
  switch type {
  case "Point": return isPosition(coordinates)
  case "MultiPoint": return isList(coordinates, of: isPosition)
  case "LineString": return isLine(coordinates)
  case "MultiLineString": return isList(coordinates, of: isLine)
  case "Polygon": return isList(coordinates, of: isRing)
  case "MultiPolygon": return isList(coordinates) { isList($0, of: isRing) }
  default: return false
  }
}

private func isList(_ json: JSON, of isElement: (JSON) -> Bool) -> Bool {
  json.elements?.allSatisfy(isElement) ?? false
}

private func isPosition(_ json: JSON) -> Bool {
  guard let numbers = json.elements, numbers.count >= 2 else { return false }
  return numbers.allSatisfy { if case .number = $0 { true } else { false } }
}

private func isLine(_ json: JSON) -> Bool { isList(json, of: isPosition) && (json.elements?.count ?? 0) >= 2 }

/// Four positions or more, the last equal to the first.
private func isRing(_ json: JSON) -> Bool {
  guard let positions = json.elements, positions.count >= 4, positions.allSatisfy(isPosition) else { return false }
  return equalityKey(of: positions[0]) == equalityKey(of: positions[positions.count - 1])
}

private func hasGoodBox(_ json: JSON) -> Bool {
  guard let box = json["bbox"] else { return true }
  guard let numbers = box.elements, numbers.count >= 4, numbers.count.isMultiple(of: 2) else { return false }
  return numbers.allSatisfy { if case .number = $0 { true } else { false } }
}

/// Whether a JSON value is a TopoJSON object: a topology, or one of its geometries that is made of arcs.
///
/// - Source: The TopoJSON Format Specification §2.
func isTopoJSON(_ json: JSON) -> Bool {
  func isArc(_ json: JSON) -> Bool { json.integer != nil }
  func isArcs(_ json: JSON) -> Bool { isList(json, of: isArc) }
  switch json["type"]?.text {
  case "Topology":
    guard let objects = json["objects"]?.members, let arcs = json["arcs"], hasGoodBox(json) else { return false }
    return isList(arcs) { isList($0, of: isPosition) } && objects.allSatisfy { isTopoObject($0.value) }
  case "LineString": return json["arcs"].map(isArcs) ?? false
  case "MultiLineString", "Polygon": return json["arcs"].map { isList($0, of: isArcs) } ?? false
  case "MultiPolygon": return json["arcs"].map { isList($0) { isList($0, of: isArcs) } } ?? false
  default: return false
  }
}

/// A geometry within a topology, which may be of points, or empty.
private func isTopoObject(_ json: JSON) -> Bool {
  switch json["type"] {
  case "Point": json["coordinates"].map(isPosition) ?? false
  case "MultiPoint": json["coordinates"].map { isList($0, of: isPosition) } ?? false
  case "GeometryCollection": json["geometries"].map { isList($0, of: isTopoObject) } ?? false
  case .null?: true
  default: isTopoJSON(json) && json["type"] != "Topology"
  }
}
