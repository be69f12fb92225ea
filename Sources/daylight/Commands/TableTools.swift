internal import ArgumentParser
internal import Glibc
internal import Publication
internal import TableSchema
internal import Tabular
internal import Validation

/// How a file is read that belongs to no dataset.
struct TableFileOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The table: delimited text.", valueName: "file"))
  var input: String

  @Option(
    help: ArgumentHelp("Its Table Dialect, a JSON file; the standard's defaults when left out.", valueName: "file"))
  var dialect: String?

  @Option(
    help: ArgumentHelp("Its encoding, which is verified; found out with evidence when left out.", valueName: "name"))
  var encoding: String?

  private func tableDialect() throws -> Source.Dialect {
    guard let dialect else { return Source.Dialect() }
    return try describedMistakes(in: dialect) { try Source.Dialect(json: $0) }
  }

  func form() throws -> DeliveryForm {
    let named = encoding.flatMap { TextEncoding(name: $0) }
    if let encoding, named == nil {
      throw ValidationError("there is no encoding \(encoding) here: utf-8, gb18030, cp936, utf-16le, utf-16be")
    }
    return DeliveryForm(encoding: named, dialect: try tableDialect())
  }
}

/// What a user calls a file may be a link to it.
func inputPath(_ name: String) throws -> String {
  guard let path = try? resolvedPath(name), fileKind(path) == .file else {
    throw ValidationError("there is no file \(name)")
  }
  return path
}

/// Reads a JSON file and makes something of it; a mistake in it is named with file and place.
private func describedMistakes<Value>(in path: String, _ make: (JSON) throws -> Value) throws -> Value {
  do {
    return try make(JSONParser.parse(try InputFile.contents(of: path, limit: 16 << 20)))
  } catch let error as SchemaError {
    throw ValidationError("\(path): \(error)")
  } catch let error as FileError {
    throw ValidationError(error.description)
  } catch let error as FormatError {
    throw ValidationError("\(path): is no JSON (\(error))")
  }
}

/// The command `daylight validate`.
struct ValidateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Checks any table against a Table Schema.",
    discussion: """
      Without --show-values no cell's value is shown. Exit code 0 where the table is valid, 3 where it is not.

      The JSON report is {valid, errors, warnings, counts}. An error has `type` (frictionless' names where there is one), `row`
      (the header is row 1), `line`, `field`, `fieldNumber`, and where they apply `constraint`, `limit` and `otherRow`. Of each
      type, field and constraint the first five places are listed; counts are exact.

      Examples:
        daylight validate --schema river.tableschema.json --input river.csv
        daylight validate --schema S.json --input F.csv --dialect D.json --report -
        daylight validate --schema S.json --input F.csv --reference stations=stations.csv
        daylight validate --schema S.json --input F.csv --html report.html    a page to print and send, zh and en
      """)

  @OptionGroup var file: TableFileOptions

  @Option(help: ArgumentHelp("The Table Schema, a JSON file.", valueName: "file"))
  var schema: String

  @Option(
    help: ArgumentHelp(
      "A table that foreign keys refer to, as the schema's name for it and the file; once for each.",
      valueName: "name=file"))
  var reference: [String] = []

  @Option(help: ArgumentHelp("Write the report as JSON to this file; - is standard output.", valueName: "file"))
  var report: String?

  @Option(help: ArgumentHelp("Write the report as a page for people to this file.", valueName: "file"))
  var html: String?

  @Flag(help: "Show the values that are wrong: for people who may see them. Refused for files below a public folder.")
  var showValues = false

  @Option(help: ArgumentHelp("Language of messages: zh or en.", valueName: "language"))
  var lang: Language?

  func run() async throws {
    var form = try file.form()
    if showValues {
      for path in [report, html].compactMap(\.self) where path != "-" { try refusePublicPlace(path) }
      form.shownFields = nil
    }
    let references = try referencedTables()
    let schema = try describedMistakes(in: schema) { json in
      let schema = try Schema(json: json).accepting(nullSequence: form.dialect.nullSequence)
      try schema.compile()
      for (index, key) in schema.foreignKeys.enumerated() {
        guard let resource = key.resource, references[resource] == nil else { continue }
        throw SchemaError(
          "/foreignKeys/\(index)/reference/resource", "needs that table: --reference \(resource)=FILE")
      }
      return schema
    }
    let found = try await Validation.validate(
      inputPath(file.input), form: form, against: schema, references: references, folder: temporaryFolder())
    let language = lang ?? terminalLanguage()
    let facts = report == nil && html == nil ? [] : try digests()
    if let report {
      let json = ValidationJSON(
        report: found, schema: schema, headerRowCount: form.dialect.headerRowCount, facts: facts,
        language: language)
      let bytes = json.value.prettyBytes
      if report == "-" {
        writeOutput(String(decoding: bytes, as: UTF8.self))
      } else {
        var output = try OutputFile(path: report, isHashed: false)
        try output.write(bytes)
        _ = try output.finish()
      }
    }
    if let html {
      let name = file.input.lastPathPart
      let subject = ReportPage.Subject(
        name: LocalizedText(zh: name, en: name), detail: "", reports: [found], facts: facts)
      try writeDurably(ReportPage(subjects: [subject]).bytes(), to: SiteOptions.absolute(html), mode: 0o600)
    }
    if report != "-" {
      let text = ReportText(language: language)
      let isValid = found.errors.isEmpty
      writeOutput(
        language == .zh
          ? "\(isValid ? "有效" : "无效"):\(found.rowCount) 行\n"
          : "\(isValid ? "valid" : "invalid"): \(found.rowCount) rows\n")
      writeOutput(text.findings(found))
    }
    if !found.errors.isEmpty { throw ExitCode(3) }
  }

  /// What was checked against what, and by which version.
  private func digests() throws -> [(key: String, value: String)] {
    [
      ("file-sha256", try InputFile(path: inputPath(file.input)).digest().hex),
      ("schema-sha256", try InputFile(path: inputPath(schema)).digest().hex),
      ("daylight", Daylight.configuration.version),
    ]
  }

  /// A folder of a published site, or one that is named as such, is no place for values.
  private func refusePublicPlace(_ path: String) throws {
    var folder = try SiteOptions.absolute(path)
    let usual = try SiteOptions.absolute("public")
    while let parent = folder.parentPath {
      folder = parent
      guard folder == usual || fileKind("\(folder)/metadata/timestamp.json") != nil else { continue }
      throw ValidationError("--show-values writes nothing below the public folder \(folder)")
    }
  }

  private func referencedTables() throws -> [String: ReferencedTable] {
    var tables: [String: ReferencedTable] = [:]
    for text in reference {
      guard let sign = text.firstIndex(of: "="), sign != text.startIndex else {
        throw ValidationError("--reference \(text) must be name=file")
      }
      let path = try inputPath(String(text[text.index(after: sign)...]))
      tables[String(text[..<sign])] = ReferencedTable(path: path, form: DeliveryForm())
    }
    return tables
  }

  private func temporaryFolder() -> String { getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp" }
}

/// The command `daylight read`.
struct ReadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "read",
    abstract: "Shows a table as plain CSV or JSON Lines, in UTF-8, without interpreting its values.",
    discussion: """
      Values are shown as they are: this is for tables of which you may see them.

      Examples:
        daylight read --input old.csv --format csv > new.csv
        daylight read --input old.csv --dialect D.json --format jsonl | head
      """)

  @OptionGroup var file: TableFileOptions

  @Option(help: ArgumentHelp("csv or jsonl.", valueName: "format"))
  var format = RecordFormat.csv

  func run() async throws {
    try await readTable(inputPath(file.input), form: file.form(), as: format) {
      writeRows(String(decoding: $0, as: UTF8.self))
    }
  }
}

extension RecordFormat: ExpressibleByArgument {}

/// The command `daylight detect`.
struct DetectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "detect",
    abstract: "Finds out encoding, delimiter and width of a table, with the evidence, as JSON.",
    discussion: """
      Every byte is looked at for the encoding, the first MiB for the dialect. Exit code 3 where the encoding is undetermined.

      Examples:
        daylight detect --input river.csv
      """)

  @Option(help: ArgumentHelp("The table: delimited text.", valueName: "file"))
  var input: String

  func run() async throws {
    let evidence = try await FileEvidence(of: inputPath(input))
    let delimiter = evidence.delimiter.map { JSON.string(String(Character(Unicode.Scalar($0)))) }
    let json = JSON.members([
      ("encoding", evidence.encoding.map { .string($0.rawValue) } ?? .null),
      (
        "dialect",
        .members([
          ("delimiter", delimiter), ("lineTerminator", evidence.lineTerminator.map { .string($0) }),
        ])
      ),
      ("columns", .int(evidence.columnCount)),
      (
        "evidence",
        .members(
          [("records-of-that-width", .string("\(Int((evidence.share * 100).rounded(.down))) %"))]
            + evidence.facts.map { ($0.key, .string($0.value)) })
      ),
    ])
    writeOutput(String(decoding: json.prettyBytes, as: UTF8.self))
    if evidence.encoding == nil { throw ExitCode(3) }
  }
}

/// The command `daylight schema`.
struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "Looks after Table Schemas.", subcommands: [CheckSchema.self])

  /// The command `daylight schema check`.
  struct CheckSchema: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "check",
      abstract: "Says all that is wrong with a Table Schema, each with its JSON path.",
      discussion: """
        Where the standard's JSON profile and its text differ, the text counts. Exit code 2 where there is a mistake.

        Examples:
          daylight schema check river.tableschema.json
          daylight schema check river.tableschema.json --json
        """)

    @Argument(help: ArgumentHelp("The Table Schema, a JSON file.", valueName: "file"))
    var file: String

    @Flag(help: "Print {valid, errors: [{path, problem}]} on standard output.")
    var json = false

    func run() throws {
      var mistakes: [SchemaError]
      do {
        mistakes = Schema.mistakes(in: try JSONParser.parse(try InputFile.contents(of: file, limit: 16 << 20)))
      } catch let error as FileError {
        throw ValidationError(error.description)
      } catch let error as FormatError {
        mistakes = [SchemaError("", "is no JSON (\(error))")]
      }
      if json {
        let errors = mistakes.map { JSON.members([("path", .string($0.path)), ("problem", .string($0.problem))]) }
        let result = JSON.members([("valid", .bool(errors.isEmpty)), ("errors", .array(errors))])
        writeOutput(String(decoding: result.prettyBytes, as: UTF8.self))
      } else if mistakes.isEmpty {
        writeOutput("\(file): valid\n")
      } else {
        for mistake in mistakes { writeError("daylight: \(file): \(mistake)\n") }
      }
      if !mistakes.isEmpty { throw ExitCode(2) }
    }
  }
}
