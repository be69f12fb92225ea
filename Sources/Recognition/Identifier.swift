/// What tells who somebody is, or must not be published for another reason; and the numbers of organisations, which may.
///
/// - Source: privacy.md §1.
package enum Identifier: String, Sendable, CaseIterable {
  /// 公民身份号码, 18 places, also inside longer numbers; residence permits of the same form included.
  case residentIdentityNumber = "resident-identity-number"
  /// The same of 15 places, as it was before 1999.
  case formerIdentityNumber = "former-identity-number"
  /// 外国人永久居留身份证 as it was before 2023: three letters, twelve digits.
  case permanentResidenceCard = "permanent-residence-card"
  /// 手机号码 of mainland China.
  case mobileNumber = "mobile-number"
  case landlineNumber = "landline-number"
  case bankCardNumber = "bank-card-number"
  case passportNumber = "passport-number"
  /// 往来港澳通行证, 回乡证, 台胞证 and the like.
  case travelPermitNumber = "travel-permit-number"
  case hongKongIdentityCard = "hong-kong-identity-card"
  case taiwanIdentityCard = "taiwan-identity-card"
  case macaoIdentityCard = "macao-identity-card"
  case licensePlate = "license-plate"
  /// 军官证, 士兵证, 警官证.
  case officerCardNumber = "officer-card-number"
  case emailAddress = "email-address"
  /// 微信, QQ.
  case messagingAccount = "messaging-account"
  /// An IP or MAC address.
  case networkAddress = "network-address"
  /// An IMEI.
  case deviceIdentifier = "device-identifier"
  /// A number of a medical insurance card, a patient, a social security card.
  case medicalCardNumber = "medical-card-number"
  /// Keys, passwords, addresses with passwords in them.
  case secret
  /// MD5, SHA-1, SHA-256 of something that can be guessed.
  case hashedValue = "hashed-value"
  case personalName = "personal-name"
  /// Down to the room.
  case homeAddress = "home-address"
  case coordinates
  case birthDate = "birth-date"
  /// The address of a document: what is in it nobody has looked at. `recognise` does not know it.
  case linkedFile = "linked-file"
  /// 统一社会信用代码: public.
  case creditCode = "unified-social-credit-code"
  /// 注册号 of 15 places: public.
  case registrationNumber = "registration-number"

  /// Whether it may be published as it is.
  package var isOfOrganisations: Bool { self == .creditCode || self == .registrationNumber }

  /// Whether a column of it tells of persons also where the rows are about something else: places of facilities do not.
  package var tellsWhoOutsideTablesOfPersons: Bool {
    switch self {
    case .coordinates, .birthDate, .landlineNumber, .messagingAccount, .networkAddress, .deviceIdentifier, .homeAddress:
      false
    default: !isOfOrganisations
    }
  }

  /// Whether no description of a dataset has a reason to hold it.
  package var isNeverAContact: Bool {
    switch self {
    case .emailAddress, .personalName, .landlineNumber, .homeAddress, .messagingAccount: false
    default: !isOfOrganisations
    }
  }

  /// Whether somebody may say, with a reason, that it is public in some column: the telephone of an office, the name of a lawyer.
  package var mayBeAccepted: Bool {
    switch self {
    case .residentIdentityNumber, .formerIdentityNumber, .bankCardNumber, .secret, .medicalCardNumber: false
    default: true
    }
  }
}

/// How much one place tells by itself.
package enum Certainty: Sendable, Comparable {
  /// Shape alone: the column, its header or the words around it decide.
  case possible
  /// A check digit, a form that nothing else has, or words that say so.
  case certain
}

/// A place in a text where an identifier stands.
package struct Recognition: Sendable {
  package let identifier: Identifier
  /// Bytes of the text that was looked through.
  package var range: Range<Int>
  package let certainty: Certainty
  /// Of an identity number, the year of birth; 0 for others.
  package var year = 0
  /// Of an identity number, whether its area is one that exists or did.
  package var hasKnownArea = true

  package init(_ identifier: Identifier, _ range: Range<Int>, _ certainty: Certainty) {
    self.identifier = identifier
    self.range = range
    self.certainty = certainty
  }
}
