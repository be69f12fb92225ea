/// The districts that addresses of the site lie in, each with its subdistricts, towns and townships.
///
/// - Source: GB/T 2260 and GB/T 10114 give the codes of the same names.
package struct Divisions: Sendable {
  package let districts: [District]

  package struct District: Sendable {
    /// Its name: 长宁区.
    package let name: String
    /// Their names: 华阳路街道, 新泾镇.
    package let subdistricts: [String]

    package init(name: String, subdistricts: [String]) {
      self.name = name
      self.subdistricts = subdistricts
    }
  }

  package init(_ districts: [District]) { self.districts = districts }
}
