internal import Publication
package import Tabular

/// What all cells of a column say together: what single cells cannot tell, and where single cells seem to tell something by chance.
///
/// A tenth of all numbers with a date in them have the check digit of an identity number: permits are told from persons by how many of
/// a column pass, and one person among permits by the year.
///
/// - Source: privacy.md §1, column vote.
package struct ColumnEvidence: Sendable {
  package private(set) var cellCount = 0
  /// Cells in which something was found for certain, and of which all is of the possible form.
  private var certain = [Int](repeating: 0, count: Identifier.allCases.count)
  private var whole = [Int](repeating: 0, count: Identifier.allCases.count)

  // Cells that are one long number.
  private var numberCount = 0
  private var datedCount = 0
  private var passCount = 0
  /// Numbers with a date and those that pass too, by decade from 1850.
  private var datedByDecade = [Int](repeating: 0, count: 31)
  private var passedByDecade = [Int](repeating: 0, count: 31)
  private var cardCount = 0
  private var cardPassCount = 0
  private var fifteenCount = 0
  private var registrationCount = 0
  private var creditCodeCount = 0

  private var nameCount = 0
  private var latinNameCount = 0
  private var placeCount = 0
  private var birthCount = 0
  private var dateCount = 0
  private var longitudeCount = 0
  private var latitudeCount = 0
  private var fewValues: Set<UInt64> = []
  private static let fewValueLimit = 1_024
  /// Fewer cells than this prove nothing by their form.
  private static let fewestCells = 10

  package init() {}

  /// Cells in which an identifier stands for certain; of those that were looked at: repetitions are not.
  package func certainCount(of identifier: Identifier) -> Int { certain[identifier.index] }

  /// Takes over what another worker saw.
  package mutating func add(_ other: ColumnEvidence) {
    cellCount += other.cellCount
    for index in certain.indices {
      certain[index] += other.certain[index]
      whole[index] += other.whole[index]
    }
    numberCount += other.numberCount
    datedCount += other.datedCount
    passCount += other.passCount
    for index in datedByDecade.indices {
      datedByDecade[index] += other.datedByDecade[index]
      passedByDecade[index] += other.passedByDecade[index]
    }
    cardCount += other.cardCount
    cardPassCount += other.cardPassCount
    fifteenCount += other.fifteenCount
    registrationCount += other.registrationCount
    creditCodeCount += other.creditCodeCount
    nameCount += other.nameCount
    latinNameCount += other.latinNameCount
    placeCount += other.placeCount
    birthCount += other.birthCount
    dateCount += other.dateCount
    longitudeCount += other.longitudeCount
    latitudeCount += other.latitudeCount
    if fewValues.count < Self.fewValueLimit { fewValues.formUnion(other.fewValues) }
  }

  /// Takes one cell that is not empty, and what was found in it.
  package mutating func add(_ cell: Span<UInt8>, _ found: [Recognition]) {
    cellCount += 1
    var seen: UInt64 = 0
    for recognition in found {
      let index = recognition.identifier.index
      let isWhole = recognition.range.count == cell.count
      if isWhole && recognition.certainty == .possible { whole[index] += 1 }
      guard recognition.certainty == .certain, seen >> UInt64(index) & 1 == 0 else { continue }
      seen |= 1 << UInt64(index)
      certain[index] += 1
    }
    if fewValues.count < Self.fewValueLimit { fewValues.insert(mixedHash(cell)) }
    let kind = LongNumber(cell)
    if let kind { add(kind) }
    if cell[0] >= 0xe3 && isNameCell(cell) { nameCount += 1 }
    guard cell.count <= 64 else { return }
    if cell[0] <= 0x5a && cell[0] >= 0x41 && mayBeLatinName(cell) { latinNameCount += 1 }
    // Most credit codes have letters, which no identity number has: those of digits only must prove what they are.
    if cell.count == 18, kind != nil ? isCreditCode(cell) : isCodeOfLetters(cell) {
      creditCodeCount += 1
    }
    if cell[0] >= 0xe3, found.contains(where: { $0.identifier == .homeAddress }) { placeCount += 1 }
    if kind == nil && cell.count > 14 && cell.count <= 64 { addPair(cell) }
    if kind == nil && cell.count <= 24 && isDigit(cell[0]) {
      addDate(cell)
      addCoordinate(cell)
    }
  }

  private func isCodeOfLetters(_ cell: Span<UInt8>) -> Bool {
    for index in cell.indices where !isDigit(cell[index]) && !isLetter(cell[index]) { return false }
    return isDigit(cell[2]) && isDigit(cell[7])
  }

  private mutating func add(_ number: LongNumber) {
    numberCount += 1
    if let decade = number.decade {
      datedCount += 1
      datedByDecade[decade] += 1
      if number.hasCheckDigit {
        passCount += 1
        passedByDecade[decade] += 1
      }
    }
    if number.isCard {
      cardCount += 1
      if number.hasLuhn { cardPassCount += 1 }
    }
    if number.count == 15 {
      fifteenCount += 1
      if number.isRegistration { registrationCount += 1 }
    }
  }

  private mutating func addDate(_ text: Span<UInt8>) {
    guard text.count >= 8, text.count <= 20 else { return }
    var digits = 0
    var count = 0
    for place in 0..<min(10, text.count) where isDigit(text[place]) && count < 8 {
      digits = digits * 10 + Int(text[place] - 0x30)
      count += 1
    }
    guard count == 8, let year = birthYear(day: digits) else { return }
    dateCount += 1
    if year < 2005 && year > 1900 { birthCount += 1 }
  }

  /// Two decimal numbers, longitude and latitude: `121.43,31.21`, `POINT(121.43 31.21)`.
  private mutating func addPair(_ text: Span<UInt8>) {
    var (longitudes, latitudes, others) = (0, 0, 0)
    var index = 0
    while index < text.count {
      guard isDigit(text[index]) || text[index] == UInt8(ascii: ".") else {
        index += 1
        continue
      }
      let start = index
      var whole = 0
      var point: Int?
      while index < text.count, isDigit(text[index]) || text[index] == UInt8(ascii: ".") {
        if text[index] == UInt8(ascii: ".") {
          point = point ?? index
        } else if point == nil && whole < 1_000 {
          whole = whole * 10 + Int(text[index] - 0x30)
        }
        index += 1
      }
      guard index - start >= 7, point != nil else { continue }
      switch whole {
      case 73...135: longitudes += 1
      case 18...53: latitudes += 1
      default: others += 1
      }
    }
    if longitudes == 1 && latitudes == 1 && others == 0 { longitudeCount += 1 }
  }

  private mutating func addCoordinate(_ text: Span<UInt8>) {
    var whole = 0
    var point: Int?
    for place in text.indices {
      if text[place] == UInt8(ascii: ".") {
        point = point ?? place
      } else if !isDigit(text[place]) {
        return
      } else if point == nil && place < 4 {
        whole = whole * 10 + Int(text[place] - 0x30)
      }
    }
    guard let point, text.count - point > 4 else { return }
    if point == 3 && (73...135).contains(whole) { longitudeCount += 1 }
    if point == 2 && (18...53).contains(whole) { latitudeCount += 1 }
  }

  /// What the column holds, with the header's word.
  ///
  /// - Parameter repeatedCount: cells that said the same as others that were added, and were not.
  package func verdict(_ hints: HeaderHints, repeatedCount: Int = 0) -> ColumnVerdict {
    let isSmall = cellCount + repeatedCount < Self.fewestCells
    var verdict = ColumnVerdict()
    guard cellCount > 0 else { return verdict }
    func share(_ count: Int) -> Double { Double(count) / Double(cellCount) }
    for identifier in Identifier.allCases where certain[identifier.index] > 0 { verdict.certain.insert(identifier) }
    judgeNumbers(&verdict)
    if share(creditCodeCount) >= 0.9 {
      verdict.possible.insert(.creditCode)
      verdict.ignoresNumbers = true
    }
    if fifteenCount * 2 > cellCount {
      let isRegistration = registrationCount * 2 > fifteenCount
      let former = whole[Identifier.formerIdentityNumber.index]
      if isRegistration {
        verdict.possible.insert(.registrationNumber)
      } else if former * 2 > fifteenCount || (hints.identifiers.contains(.formerIdentityNumber) && former > 0) {
        verdict.possible.insert(.formerIdentityNumber)
      }
    }
    // Forms that other things have too: the header says so, or almost every cell has it.
    let byForm: [Identifier] = [
      .passportNumber, .travelPermitNumber, .taiwanIdentityCard, .hongKongIdentityCard, .permanentResidenceCard,
      .hashedValue,
    ]
    for identifier in byForm {
      let count = whole[identifier.index] + certain[identifier.index]
      // 证件号码 says that they are papers of some kind.
      let isNamed =
        identifier == .hashedValue ? hints.namesPersonsNumber : !hints.identifiers.isDisjoint(with: papersOfPersons)
      if share(count) >= (isNamed ? 0.05 : hints.speaksOfThings || isSmall ? 2 : 0.9) {
        verdict.possible.insert(identifier)
      }
    }
    // Papers of several kinds in one column.
    let papers = papersOfPersons.intersection(byForm)
    if !hints.speaksOfThings, !hints.speaksOfNumbers, !isSmall,
      share(papers.reduce(0) { $0 + whole[$1.index] + certain[$1.index] }) >= 0.9
    {
      for identifier in papers where whole[identifier.index] > 0 { verdict.possible.insert(identifier) }
    }
    // Where most are identity numbers, those with a wrong digit are too.
    if share(certain[Identifier.residentIdentityNumber.index]) >= 0.5 && !verdict.ignoresNumbers {
      verdict.possible.insert(.residentIdentityNumber)
    }
    if share(whole[Identifier.residentIdentityNumber.index]) > 0, hints.identifiers.contains(.residentIdentityNumber) {
      verdict.possible.insert(.residentIdentityNumber)
    }
    let isVaried = fewValues.count >= min(20, max(2, cellCount / 50))
    let isNamed = hints.identifiers.contains(.personalName)
    let wantedNames = isNamed ? 0.05 : hints.speaksOfThings || isSmall ? 2 : 0.6
    if share(nameCount) >= wantedNames && (isVaried || isNamed) { verdict.possible.insert(.personalName) }
    // Latin letters prove little: the header must say that they are names of persons.
    if isNamed && !hints.namesAnything && !hints.speaksOfThings && share(nameCount + latinNameCount) >= 0.3 {
      verdict.possible.insert(.personalName)
    }
    if share(placeCount) >= (hints.identifiers.contains(.homeAddress) ? 0.02 : hints.speaksOfOffices ? 2 : 0.3) {
      verdict.possible.insert(.homeAddress)
    }
    if share(placeCount) >= 0.2 && hints.identifiers.contains(.homeAddress) && !hints.speaksOfOffices {
      verdict.wholeColumn = true
    }
    let isPlace = hints.identifiers.contains(.coordinates)
    if share(max(longitudeCount, latitudeCount)) >= (isPlace ? 0.2 : isSmall ? 2 : 0.95)
      && !hints.speaksOfThings && !hints.speaksOfOffices
    {
      verdict.possible.insert(.coordinates)
    }
    if hints.identifiers.contains(.birthDate)
      ? dateCount > 0
      : !hints.speaksOfThings && !hints.speaksOfDates && share(birthCount) >= 0.5 && share(dateCount) > 0.9
    {
      verdict.possible.insert(.birthDate)
    }
    // Where the header says what it is, and many cells are of the form, those of other forms are it too.
    let named: [Identifier] = [
      .residentIdentityNumber, .formerIdentityNumber, .mobileNumber, .bankCardNumber, .passportNumber,
      .travelPermitNumber,
      .hongKongIdentityCard, .taiwanIdentityCard, .licensePlate, .officerCardNumber, .emailAddress,
    ]
    for identifier in named where hints.identifiers.contains(identifier) && !hints.speaksOfOffices {
      guard share(certain[identifier.index] + whole[identifier.index]) >= 0.3 else { continue }
      verdict.possible.insert(identifier)
      verdict.wholeColumn = true
    }
    for identifier in [
      Identifier.messagingAccount, .networkAddress, .deviceIdentifier, .medicalCardNumber, .landlineNumber,
    ]
    where hints.identifiers.contains(identifier) && !hints.speaksOfOffices {
      verdict.possible.insert(identifier)
      verdict.wholeColumn = true
    }
    return verdict
  }

  /// Whether what long numbers seem to be is more than chance.
  private func judgeNumbers(_ verdict: inout ColumnVerdict) {
    guard numberCount * 2 > cellCount else { return }
    func isChance(_ passes: Int, of count: Int, _ chance: Double) -> Bool {
      let expected = Double(count) * chance
      return Double(passes) <= expected + 4 * (expected * (1 - chance)).squareRoot()
    }
    if cardCount >= 30 && isChance(cardPassCount, of: cardCount, 0.1) {
      verdict.certain.remove(.bankCardNumber)
      verdict.ignoresCards = true
    }
    guard passCount * 2 < datedCount || datedCount * 4 < numberCount else { return }
    if datedCount >= 30 {
      // One in eleven passes: numbers with a date that is no birthday. Years that hardly any other number has are another matter.
      guard isChance(passCount, of: datedCount, 1 / 11) else { return }
      verdict.ignoredDecades = datedByDecade.indices.map { decade in
        datedByDecade[decade] * 50 > datedCount || passedByDecade[decade] * 2 < datedByDecade[decade]
      }
      let counted = passedByDecade.indices.reduce(0) { $0 + (verdict.ignoredDecades[$1] ? 0 : passedByDecade[$1]) }
      if counted == 0 { verdict.certain.remove(.residentIdentityNumber) }
    } else {
      // Numbers of another kind: what passes by chance seldom has an area that exists, and a year that is not long past or to come.
      verdict.wantsKnownArea = true
    }
  }
}

/// What a column holds.
package struct ColumnVerdict: Sendable {
  /// Found in single cells, by themselves.
  package fileprivate(set) var certain: Set<Identifier> = []
  /// What most cells are, by their form.
  package fileprivate(set) var possible: Set<Identifier> = []
  /// Every cell counts, whatever its form.
  package fileprivate(set) var wholeColumn = false
  fileprivate var ignoresNumbers = false
  fileprivate var ignoresCards = false
  fileprivate var ignoredDecades: [Bool] = []
  fileprivate var wantsKnownArea = false

  package init() {}

  /// Whether a cell is one number of 15 to 20 places, of which the column decides what it is.
  package static func isLongNumber(_ cell: Span<UInt8>) -> Bool { LongNumber.isOne(cell) }

  /// What most cells are, by their form, and identifies somebody.
  package var possibleIdentifiers: Set<Identifier> { possible.filter { !$0.isOfOrganisations } }

  /// Most cells are codes of organisations, which are public.
  package var isOfOrganisations: Bool { possible.contains { $0.isOfOrganisations } }

  /// All that identifies somebody.
  package var identifiers: Set<Identifier> { certain.union(possible).filter { !$0.isOfOrganisations } }

  /// The column is a part of a number that lies in several.
  package mutating func add(joined identifier: Identifier) {
    possible = [identifier]
    wholeColumn = true
  }

  /// Whether what was found in a cell is what it seems.
  package func confirms(_ recognition: Recognition, in cell: Span<UInt8>) -> Bool {
    guard recognition.certainty == .certain else { return possible.contains(recognition.identifier) }
    guard LongNumber.isOne(cell) else { return true }
    switch recognition.identifier {
    case .residentIdentityNumber:
      if ignoresNumbers { return false }
      if wantsKnownArea { return recognition.hasKnownArea && (1900...2030).contains(recognition.year) }
      return ignoredDecades.isEmpty || !ignoredDecades[LongNumber.decade(of: recognition.year)]
    case .bankCardNumber: return !ignoresCards && !ignoresNumbers
    default: return !ignoresNumbers
    }
  }

  /// Whether a whole cell is of a form that the column's cells have.
  package func holds(_ cell: Span<UInt8>) -> Identifier? {
    if wholeColumn { return possible.first { !$0.isOfOrganisations } }
    guard cell.count > 0, cell.count <= 192 else { return nil }
    if LongNumber.isOne(cell) {
      if cell.count == 15 && possible.contains(.formerIdentityNumber) { return .formerIdentityNumber }
      if cell.count >= 17 && possible.contains(.residentIdentityNumber) { return .residentIdentityNumber }
    }
    for identifier in [Identifier.personalName, .coordinates, .birthDate] where possible.contains(identifier) {
      return identifier
    }
    return nil
  }
}

/// A cell that is one number of 15 to 20 places, an X at the end perhaps.
struct LongNumber {
  let count: Int
  private(set) var decade: Int?
  private(set) var hasCheckDigit = false
  private(set) var isCard = false
  private(set) var hasLuhn = false
  private(set) var isRegistration = false

  static func isOne(_ cell: Span<UInt8>) -> Bool {
    guard cell.count >= 15, cell.count <= 20 else { return false }
    for index in 0..<cell.count - 1 where !isDigit(cell[index]) { return false }
    return isDigit(cell[cell.count - 1]) || cell[cell.count - 1] | 0x20 == UInt8(ascii: "x")
  }

  static func decade(of year: Int) -> Int { max(0, min(30, (year - 1850) / 10)) }

  init?(_ cell: Span<UInt8>) {
    guard Self.isOne(cell) else { return nil }
    count = cell.count
    var digits: [UInt8] = []
    for index in 0..<cell.count where isDigit(cell[index]) { digits.append(cell[index] - 0x30) }
    if digits.count >= 17 {
      decade = birthYear(digits.dropFirst(6).prefix(8)).map(Self.decade)
      let check = digits.count > 17 ? Int(digits[17]) : 10
      hasCheckDigit = hasIdentityCheckDigit(digits.prefix(17), check: check)
    }
    isCard = digits.count == count && isCardNumber(digits[...])
    hasLuhn = isCard && hasLuhnCheckDigit(digits[...])
    if count == 15 && digits.count == 15 { isRegistration = hasRegistrationCheckDigit(digits[...]) }
  }
}

extension Identifier {
  var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// Endings of roads, places and firms.

/// What somebody shows to say who they are.
private let papersOfPersons: Set<Identifier> = [
  .residentIdentityNumber, .passportNumber, .travelPermitNumber, .taiwanIdentityCard, .hongKongIdentityCard,
  .permanentResidenceCard,
]
