/// What was done to a table so that everybody may see it: in full for officers, with small counts hidden for everybody.
///
/// No values.
package struct PrivacySummary: Sendable {
  package var columns: [ColumnTreatment]
  /// Forms of removed values that were looked for in every byte.
  package var searchedCount: Int
  /// Rows that are not published at all, by the reason why.
  package var suppressedRecords: [SuppressedRecords]

  package struct SuppressedRecords: Sendable {
    package let reason: LocalizedText
    package let count: Int

    package init(reason: LocalizedText, count: Int) {
      self.reason = reason
      self.count = count
    }
  }

  package init(
    columns: [ColumnTreatment] = [], searchedCount: Int = 0, suppressedRecords: [SuppressedRecords] = []
  ) {
    self.columns = columns
    self.searchedCount = searchedCount
    self.suppressedRecords = suppressedRecords
  }

  /// The looks that a release went through; whatever fails one of them is never released.
  package static let checks = [
    "control-run", "own-row", "recognition", "exact-data-matching", "schema", "formats-agree",
  ]
}

/// What became of one column.
package struct ColumnTreatment: Sendable {
  package let policy: ColumnPolicy
  /// What kind of identifier its header says it is.
  package let identifier: String?
  /// Cells with a value; nil where they were not counted, because the column is published as it is or not at all.
  package let valueCount: Int?
  /// Of these, the cells of which something else is published, or nothing.
  package let changedCount: Int?
  /// Cells in what goes out where an identifier stands that somebody has accepted, by identifier.
  package var acceptedCounts: [String: Int] = [:]

  package init(policy: ColumnPolicy, identifier: String?, valueCount: Int?, changedCount: Int?) {
    self.policy = policy
    self.identifier = identifier
    self.valueCount = valueCount
    self.changedCount = changedCount
  }

  /// Something of its values is not published.
  package var isProtected: Bool { policy.isProtected }

  /// What somebody who has the release may still find out about the values; nil where nothing of them is left.
  ///
  /// - Source: privacy.md §2.
  package var remainder: LocalizedText? {
    switch policy.transform {
    case .drop: return nil
    case .replace: return LocalizedText(zh: "只知道该项有无内容", en: "only whether there was a value")
    case .mask(let first, let last): return maskRemainder(first, last)
    case .hash:
      return LocalizedText(
        zh: "同一内容的代码相同,可以关联;持有密钥者可以验证猜测。仍属个人信息,不是匿名化",
        en:
          "equal values have equal tokens and can be linked; whoever has the key can test guesses. Personal information still, not anonymous"
      )
    case .generaliseGrid(let step, _, let least):
      return LocalizedText(
        zh: "只知道所在网格(步长 \(step)),每格至少 \(least) 个点;与其他列合起来仍可能指向个人",
        en:
          "only the cell of a grid (step \(step)) that holds at least \(least) points; with other columns it may still point to somebody"
      )
    case .generaliseNumber, .generaliseDate, .generaliseAddress:
      return LocalizedText(
        zh: "概化后的值与其他列合起来仍可能指向个人;各组人数尚未核查,不得称为匿名化",
        en:
          "with other columns it may still point to somebody; how many share it is not checked, so it must not be called anonymous"
      )
    case .keep where policy.onFind == .redact:
      return LocalizedText(
        zh: "未被识别的表述可能仍在文本中", en: "what no recogniser knows may still stand in the texts")
    case .keep where policy.suppression != nil:
      return LocalizedText(zh: "其余记录的该项照原样公开", en: "the other rows are published as they are")
    case .keep: return LocalizedText(zh: "照原样公开", en: "published as it is")
    }
  }

  private func maskRemainder(_ first: Int, _ last: Int) -> LocalizedText {
    let shown =
      switch (first, last) {
      case (0, 0): LocalizedText(zh: "只知道该项有内容", en: "only that there is a value")
      case (_, 0):
        LocalizedText(zh: "显示前 \(first) 位,不显示字数", en: "the first \(first) characters are shown, not how many there are")
      case (0, _): LocalizedText(zh: "显示后 \(last) 位", en: "the last \(last) characters are shown")
      default:
        LocalizedText(
          zh: "显示前 \(first) 位和后 \(last) 位", en: "the first \(first) and the last \(last) characters are shown")
      }
    guard let count = candidates(first, last) else {
      return LocalizedText(
        zh: shown.zh + ";是显示方式,不是匿名化", en: "\(shown[.en]); a display form, not anonymous")
    }
    return LocalizedText(
      zh: shown.zh + ";约有 \(count) 个号码符合,不是匿名化",
      en: "\(shown[.en]); about \(count) numbers fit, so it is not anonymous")
  }

  /// How many numbers have these outer digits.
  private func candidates(_ first: Int, _ last: Int) -> Int? {
    func power(_ places: Int) -> Int { (0..<max(0, places)).reduce(1) { product, _ in product * 10 } }
    switch identifier {
    case "mobile-number": return power(11 - max(first, 1) - last)
    case "resident-identity-number":
      // Six places of the area, eight of a date (37,217 days that people now alive were born on), three, a check digit of eleven.
      let hiddenOrder = last >= 4 ? 1 : power(3 - max(0, last - 1))
      return power(6 - min(first, 6)) * 37_217 * hiddenOrder / (last >= 1 ? 11 : 1)
    default: return nil
    }
  }
}

extension ColumnPolicy {
  /// Something of the column's values is not published.
  package var isProtected: Bool { transform != .keep || onFind == .redact || suppression != nil }
}

extension PrivacySummary {
  /// Of what was published of a column: whether it can be called anonymous without a look at the others.
  package static func isAnonymous(_ transform: Transform) -> Bool {
    switch transform {
    case .drop, .replace: true
    default: false
    }
  }

  /// A count that is too small to be told.
  ///
  /// - Source: privacy.md §3, small cells.
  package static let smallestToldCount = 20
}
