/// The kinds of findings.
///
/// The strings are stable: scripts and officers rely on them. frictionless' names where one exists.
package enum FindingCode: String, Sendable, CaseIterable {
  // The file.
  case sourceMissing = "source-error"
  case encodingUndetermined = "encoding-undetermined"
  case encodingError = "encoding-error"
  case encodingMismatch = "encoding-mismatch"
  case mixedEncodings = "mixed-encodings"
  case unclosedQuote = "unclosed-quote"
  case strayQuote = "stray-quote"
  case recordTooLong = "record-too-long"
  // The header.
  case missingHeader = "missing-header"
  case missingLabel = "missing-label"
  case extraLabel = "extra-label"
  case blankLabel = "blank-label"
  case duplicateLabel = "duplicate-label"
  case incorrectLabel = "incorrect-label"
  case unmatchedHeader = "unmatched-header"
  // Rows.
  case blankRow = "blank-row"
  case extraCell = "extra-cell"
  case missingCell = "missing-cell"
  case footer = "footer-error"
  case primaryKey = "primary-key"
  case rowCount = "row-count"
  // Cells.
  case typeError = "type-error"
  case constraintError = "constraint-error"
  case damagedText = "damaged-text"
  case unusualCharacter = "unusual-character"
  case uniqueError = "unique-error"
  case foreignKey = "foreign-key"
  case unreadableReference = "unreadable-reference"
  case patternLimit = "pattern-limit"
  case repaired
  // The public half.
  case releaseKey = "release-key"
  case rowCountChange = "row-count-change"
  // Beside the last accepted delivery.
  case nullShareChange = "null-share-change"
  case rangeChange = "range-change"
  case newValues = "new-values"
  case lostValues = "lost-values"
  case drift
  case sensitiveValue = "sensitive-value"
  case sensitiveColumn = "sensitive-column"
  case signOff = "sign-off"
  case controlRun = "control-run"
  case removedValue = "removed-value"
  case complementaryMask = "complementary-mask"
  case anonymityClaim = "anonymity-claim"
  case outputMismatch = "output-mismatch"

  package var severity: Severity {
    switch self {
    case .blankRow, .repaired, .unusualCharacter, .drift: .warning
    default: .error
    }
  }

  /// What it means and what to do, in one sentence each; the only table of these texts.
  package var text: (meaning: LocalizedText, advice: LocalizedText) {
    switch self {
    case .sourceMissing:
      (
        LocalizedText(zh: "源文件没有数据", en: "the source file has no data"),
        LocalizedText(zh: "请核对报送的文件", en: "check the delivered file")
      )
    case .encodingUndetermined:
      (
        LocalizedText(zh: "无法确定文件的字符编码", en: "the character encoding cannot be told"),
        LocalizedText(
          zh: "请另存为 UTF-8 或 GB18030,或在 dataset.yaml 的 source.encoding 写明编码",
          en: "save the file as UTF-8 or GB18030, or state source.encoding in dataset.yaml")
      )
    case .encodingError:
      (
        LocalizedText(zh: "有字节不符合该编码", en: "bytes are not valid in this encoding"),
        LocalizedText(
          zh: "请在该行重新导出文件;混合了两种编码的文件不能发布", en: "export the file again; a file of mixed encodings cannot be published")
      )
    case .encodingMismatch:
      (
        LocalizedText(zh: "文件显然不是所声明的编码", en: "the file is plainly not in the declared encoding"),
        LocalizedText(
          zh: "请更正 source.encoding,或删去该项由系统判断", en: "correct source.encoding, or leave it out and let it be found out")
      )
    case .mixedEncodings:
      (
        LocalizedText(zh: "文件里混有两种字符编码", en: "the file's lines are in two encodings"),
        LocalizedText(
          zh: "多半是把两个文件拼在了一起:请把所列的行改用同一编码重新导出",
          en: "most likely two files were joined: export the lines that are listed in the encoding of the others")
      )
    case .unclosedQuote:
      (
        LocalizedText(zh: "引号没有闭合", en: "a quote is never closed"),
        LocalizedText(zh: "请从该行起检查双引号", en: "look at the double quotes from this line on")
      )
    case .strayQuote:
      (
        LocalizedText(zh: "引号出现在不该出现的位置", en: "a quote stands where none may stand"),
        LocalizedText(zh: "含引号的内容应整体加引号,内部引号写两次", en: "quote the whole value and double the quotes inside")
      )
    case .recordTooLong:
      (
        LocalizedText(zh: "单条记录过长,可能缺少闭合引号或换行", en: "a record is too long: a quote or a line end may be missing"),
        LocalizedText(
          zh: "请检查该行;确实需要时可调高 source.max_record", en: "look at this line; raise source.max_record if it is right")
      )
    case .missingHeader:
      (
        LocalizedText(zh: "缺少表头", en: "there is no header row"),
        LocalizedText(zh: "请加上表头行", en: "add the header row")
      )
    case .missingLabel:
      (
        LocalizedText(zh: "缺少应有的列", en: "a column is missing"),
        LocalizedText(
          zh: "请补上该列,或在 columns 用 from 写明新的列名", en: "add the column, or name its new header with from: in columns")
      )
    case .extraLabel:
      (
        LocalizedText(zh: "出现未登记的列", en: "a column is not declared"),
        LocalizedText(
          zh: "未登记的列一律不发布:请删去该列,或在 dataset.yaml 的 columns 登记并定密级",
          en: "undeclared columns stop the release: remove it, or declare it under columns in dataset.yaml")
      )
    case .blankLabel:
      (
        LocalizedText(zh: "有列没有列名", en: "a column has no header text"),
        LocalizedText(zh: "请补上列名或删去空列", en: "name the column or remove it")
      )
    case .duplicateLabel:
      (
        LocalizedText(zh: "列名重复", en: "two columns have the same header text"),
        LocalizedText(zh: "请让每个列名唯一", en: "give each column its own name")
      )
    case .incorrectLabel:
      (
        LocalizedText(zh: "列名与模式中该位置的字段不符", en: "a column's header text is not that of the field in its place"),
        LocalizedText(
          zh: "请更正列名或列的顺序;顺序不定时可把模式的 fieldsMatch 设为 equal",
          en:
            "correct the header or the order of columns; where the order is free, set fieldsMatch: equal in the schema")
      )
    case .unmatchedHeader:
      (
        LocalizedText(zh: "表头中没有模式里的任何字段", en: "the header has none of the schema's fields"),
        LocalizedText(zh: "请核对文件与模式是否相配", en: "see whether file and schema belong together")
      )
    case .blankRow:
      (
        LocalizedText(zh: "空行,已跳过", en: "blank rows, skipped"),
        LocalizedText(zh: "不影响发布", en: "no action needed")
      )
    case .extraCell:
      (
        LocalizedText(zh: "该行的列数多于表头", en: "rows with more cells than the header"),
        LocalizedText(zh: "多半是内容里有未加引号的分隔符", en: "most likely a separator inside a value that is not quoted")
      )
    case .missingCell:
      (
        LocalizedText(zh: "该行的列数少于表头", en: "rows with fewer cells than the header"),
        LocalizedText(zh: "请检查该行是否被截断", en: "see whether the row was cut")
      )
    case .footer:
      (
        LocalizedText(zh: "表尾之后还有太多行", en: "too many rows follow where the footer should begin"),
        LocalizedText(
          zh: "footerStart 多半与数据行相同:请改写,或检查文件是否拼接了两张表",
          en: "footerStart most likely fits a row of data: word it otherwise, or see whether two tables were joined")
      )
    case .primaryKey:
      (
        LocalizedText(zh: "主键为空或重复", en: "the primary key is empty or occurs twice"),
        LocalizedText(zh: "请更正这些行", en: "correct these rows")
      )
    case .rowCount:
      (
        LocalizedText(zh: "行数超出规定范围", en: "the number of rows is outside the agreed range"),
        LocalizedText(zh: "请核对是否漏报或重复报送", en: "see whether rows are missing or were delivered twice")
      )
    case .typeError:
      (
        LocalizedText(zh: "内容与列的类型不符", en: "values do not fit the column's type"),
        LocalizedText(zh: "请按类型更正;留意全角数字、空格和日期写法", en: "correct them; mind full-width digits, spaces and date forms")
      )
    case .constraintError:
      (
        LocalizedText(zh: "内容违反约束", en: "values break a constraint"),
        LocalizedText(zh: "请更正这些内容", en: "correct these values")
      )
    case .damagedText:
      (
        LocalizedText(
          zh: "内容是乱码:送来之前已按错误的编码读写过", en: "text was spoilt before it came: read in a wrong encoding and saved"),
        LocalizedText(
          zh: "原文已丢失,不能在此修复:请从源系统重新导出",
          en: "what it said is lost and cannot be mended here: export again from the source system")
      )
    case .unusualCharacter:
      (
        LocalizedText(zh: "含有别人多半显示不出的字符", en: "characters that others most likely cannot show"),
        LocalizedText(zh: "请核对是否为自造字或编码有误", en: "see whether they are private glyphs or a slip of encoding")
      )
    case .uniqueError:
      (
        LocalizedText(zh: "内容应唯一却有重复", en: "values that must be unique occur twice"),
        LocalizedText(zh: "请更正这些行", en: "correct these rows")
      )
    case .foreignKey:
      (
        LocalizedText(zh: "所引用的记录不存在", en: "the row that is referred to does not exist"),
        LocalizedText(
          zh: "请更正引用,或在被引用的表中补上该记录", en: "correct the reference, or add the row to the table that it refers to")
      )
    case .unreadableReference:
      (
        LocalizedText(zh: "所引用的表没有可用的数据", en: "the table that is referred to is not there, or cannot be read"),
        LocalizedText(zh: "请先让被引用的数据集通过校验", en: "see first that the dataset that is referred to is accepted")
      )
    case .patternLimit:
      (
        LocalizedText(zh: "校验该规则时超出计算限度", en: "checking the rule took too long"),
        LocalizedText(
          zh: "请简化 Table Schema 里的 pattern 或 jsonSchema", en: "simplify the pattern or jsonSchema in the Table Schema")
      )
    case .repaired:
      (
        LocalizedText(zh: "已按约定修复", en: "repaired as agreed"),
        LocalizedText(zh: "不影响发布", en: "no action needed")
      )
    case .releaseKey:
      (
        LocalizedText(zh: "发布键在公开后的数据里不唯一", en: "the release key is not unique among published rows"),
        LocalizedText(zh: "请在 release.key 补充列", en: "add columns to release.key")
      )
    case .rowCountChange:
      (
        LocalizedText(zh: "行数与上一版相差过大", en: "the number of rows differs too much from the last release"),
        LocalizedText(
          zh: "请与部门核实后调整 assertions.rows.change", en: "ask the department, then adjust assertions.rows.change")
      )
    case .nullShareChange:
      (
        LocalizedText(zh: "空值比例与上次相差过大", en: "the share of missing values differs too much from the last delivery"),
        LocalizedText(
          zh: "请与部门核实;如属正常,调整 assertions 的 nulls", en: "ask the department; if it is right, adjust nulls in assertions")
      )
    case .rangeChange:
      (
        LocalizedText(zh: "取值范围比上次扩大过多", en: "values go much further than in the last delivery"),
        LocalizedText(
          zh: "请核对单位和异常值;如属正常,调整 assertions 的 range",
          en: "look for outliers and another unit; if it is right, adjust range in assertions")
      )
    case .newValues:
      (
        LocalizedText(zh: "出现了上次没有的取值", en: "values that the last delivery did not have"),
        LocalizedText(
          zh: "请核对是否写法不一;如属正常,调整 assertions 的 new_values",
          en: "see whether they are spelt otherwise; if they are right, adjust new_values in assertions")
      )
    case .lostValues:
      (
        LocalizedText(zh: "上次的一些取值不见了", en: "values of the last delivery are gone"),
        LocalizedText(
          zh: "请核对是否漏报;如属正常,调整 assertions 的 lost_values",
          en: "see whether rows are missing; if not, adjust lost_values in assertions")
      )
    case .drift:
      (
        LocalizedText(zh: "与上次相比的其他变化", en: "what else changed since the last delivery"),
        LocalizedText(zh: "供核对参考", en: "for comparison")
      )
    case .signOff:
      (
        LocalizedText(
          zh: "各列公开属性的签署已失效", en: "the word that was given on what columns may tell does not hold any more"),
        LocalizedText(
          zh: "请核对该列内容与处理方式,再由两人运行 daylight sign-off 重新签署",
          en: "look at the column and what is done to it, then sign it off anew: daylight sign-off")
      )
    case .controlRun:
      (
        LocalizedText(
          zh: "用虚构人员试运行时,个人信息未被去除或未被识别",
          en: "in a run with made-up persons, something of them came through or was not recognised"),
        LocalizedText(zh: "该配置不能使用;请联系系统维护人员", en: "this configuration must not be used; tell who maintains the system")
      )
    case .sensitiveColumn:
      (
        LocalizedText(zh: "该列多数内容像是个人信息", en: "most values of the column look like those of persons"),
        LocalizedText(
          zh: "请核对该列的 disclosure 并选用合适的 transform;确属可公开的,在该列写明 accept 及理由",
          en: "see to the column's disclosure and transform; where it may be public, say so with a reason in accept")
      )
    case .sensitiveValue:
      (
        LocalizedText(zh: "将要公开的文件里发现敏感内容", en: "something sensitive is in a file about to be published"),
        LocalizedText(
          zh: "请把该列的 disclosure 改为 direct-identifier 并去除,或更正源数据",
          en: "declare the column direct-identifier and drop it, or correct the source")
      )
    case .removedValue:
      (
        LocalizedText(zh: "已去除的内容又出现在公开文件里", en: "a value that was removed is still in a file about to be published"),
        LocalizedText(
          zh: "请把含有同样内容的列也去除或改写;如依规定可以重复(例如字号含经营者姓名),请在被去除的列写明 may_repeat 及理由",
          en:
            "another column holds the same values: transform it too; where they may rightly stand there, say so with the reason in may_repeat of the column that is removed"
        )
      )
    case .complementaryMask:
      (
        LocalizedText(
          zh: "与已发布数据集的遮盖位置互补,合起来会还原号码",
          en: "shows other ends than a mask that is published: the two together give the value away"),
        LocalizedText(
          zh: "请改用与其相同的 keep_first 和 keep_last,或去除该列", en: "use the same keep_first and keep_last, or drop the column")
      )
    case .anonymityClaim:
      (
        LocalizedText(
          zh: "文字称数据已匿名化,但公开的列并不匿名", en: "a text calls the data anonymous, but what is published of a column is not"),
        LocalizedText(
          zh: "遮盖、概化或编码后的内容仍属个人信息:请改称“已脱敏”或“去标识化”,或去除该列",
          en:
            "masked, generalised or hashed values are personal information still: say de-identified, or drop the column"
        )
      )
    case .outputMismatch:
      (
        LocalizedText(zh: "写出的文件与数据不一致", en: "a written file does not agree with the data"),
        LocalizedText(zh: "请重新运行;如再出现请报告开发者", en: "run again; if it comes back, report it to the developers")
      )
    }
  }
}
