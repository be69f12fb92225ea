internal import Publication
internal import Tabular

/// Districts and subdistricts by name.
struct DivisionTable: Sendable {
  /// UTF-8.
  private var districts: [[UInt8]] = []
  private var subdistricts: [Subdistrict] = []
  /// By hash, to be confirmed: several subdistricts may have one name.
  private var districtPlaces: [UInt64: [Int]] = [:]
  private var subdistrictPlaces: [UInt64: [Int]] = [:]

  struct Subdistrict: Sendable {
    let name: [UInt8]
    let district: Int
  }

  init(_ divisions: Divisions) {
    for district in divisions.districts {
      let name = Array(district.name.utf8)
      districtPlaces[mixedHash(name.span), default: []].append(districts.count)
      for subdistrict in district.subdistricts {
        let name = Array(subdistrict.utf8)
        subdistrictPlaces[mixedHash(name.span), default: []].append(subdistricts.count)
        subdistricts.append(Subdistrict(name: name, district: districts.count))
      }
      districts.append(name)
    }
  }

  func name(ofDistrict number: Int) -> [UInt8] { districts[number] }

  /// A part of an address that ends in the name of a district: where the name begins, and its number.
  ///
  /// Before it may stand what is no part of it: 上海长宁区.
  func district(in text: Span<UInt8>, _ part: Range<Int>) -> (start: Int, number: Int)? {
    for start in stride(from: part.lowerBound, to: part.upperBound, by: 3) {
      let name = text.extracting(start..<part.upperBound)
      for number in districtPlaces[mixedHash(name)] ?? [] {
        let known = districts[number]
        if areEqual(known.span, name) { return (start, number) }
      }
    }
    return nil
  }

  /// The same of a subdistrict; of a name that several districts have, the one in `district`.
  ///
  /// - Parameter district: in which it must lie; nil where the address says none.
  func subdistrict(in text: Span<UInt8>, _ part: Range<Int>, district: Int?) -> (start: Int, place: Subdistrict)? {
    for start in stride(from: part.lowerBound, to: part.upperBound, by: 3) {
      let name = text.extracting(start..<part.upperBound)
      var found: Subdistrict?
      var count = 0
      for number in subdistrictPlaces[mixedHash(name)] ?? [] {
        let place = subdistricts[number]
        guard areEqual(place.name.span, name), district == nil || place.district == district else { continue }
        found = place
        count += 1
      }
      // Where two districts have the name, nobody knows which is meant.
      if count == 1, let found { return (start, found) }
    }
    return nil
  }
}
