/// What can be said of a cell that is wrong, as a rule without showing it.
package struct CellRemark: Sendable, Hashable {
  /// Classes of characters and how many of each: `9×4 字×1`.
  package let shape: String
  package let hint: FixHint?
  /// The value itself, where it may be shown: cut after eighty characters.
  package let value: String?

  package init(shape: String, hint: FixHint?, value: String? = nil) {
    self.shape = shape
    self.hint = hint
    self.value = value
  }

  package var withoutValue: CellRemark { CellRemark(shape: shape, hint: hint) }
}

/// What would make a value right.
package enum FixHint: String, Sendable, CaseIterable {
  case outerSpaces = "outer-spaces"
  case fullWidth = "full-width"
  case dateForm = "date-form"
  case dayMonthSwapped = "day-month-swapped"
  case excelSerial = "excel-serial"
  case groupSeparators = "group-separators"
  case unit
  case label

  package var text: LocalizedText {
    switch self {
    case .outerSpaces: LocalizedText(zh: "值的首尾有空格:去掉即可", en: "spaces before or after the value: take them away")
    case .fullWidth: LocalizedText(zh: "含全角字符:改为半角即可", en: "full-width characters: write them half-width")
    case .dateForm: LocalizedText(zh: "日期写法不同:请写成 2024-01-26", en: "another form of date: write 2024-01-26")
    case .dayMonthSwapped: LocalizedText(zh: "像是日与月写反了", en: "day and month seem to be swapped")
    case .excelSerial:
      LocalizedText(
        zh: "像是 Excel 的日期序号(45317 即 2024-01-26):请把该列设为日期格式后再导出",
        en: "seems to be Excel's number of a day (45317 is 2024-01-26): give the column a date format and export again")
    case .groupSeparators: LocalizedText(zh: "数字中有千位分隔符:请去掉", en: "separators of thousands: take them away")
    case .unit: LocalizedText(zh: "数字前后有单位或文字:只保留数字", en: "a unit or words beside the number: leave the number alone")
    case .label: LocalizedText(zh: "写的是名称而不是代码:请填写代码", en: "a label where its code belongs: write the code")
    }
  }
}
