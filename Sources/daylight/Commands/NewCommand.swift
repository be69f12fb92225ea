internal import ArgumentParser
internal import Glibc
internal import Publication
internal import SiteConfiguration
internal import TableSchema
internal import Tabular
internal import Validation

/// The command `daylight new`.
struct NewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Proposes dataset.yaml and Table Schema for a table, from all of its rows.",
    discussion: """
      Types, keys, enumerations, encoding and dialect are found out; codes with zeros before them stay text. What each column could tell
      about somebody is for a person to decide: `disclosure: decide` stands at every column, with what was found beside it, and nothing
      is published before each is answered. Files that are there already are never changed.

      Examples:
        daylight new health/cases --from cases.csv
        daylight new health/cases --from cases.csv --dialect D.json --lang zh
      """)

  @Argument(help: ArgumentHelp("The dataset as department/dataset.", valueName: "dataset"))
  var dataset: String

  @Option(name: .customLong("from"), help: ArgumentHelp("The table: delimited text.", valueName: "file"))
  var input: String

  @Option(help: ArgumentHelp("Its Table Dialect, a JSON file; found out when left out.", valueName: "file"))
  var dialect: String?

  @Option(help: ArgumentHelp("Its encoding, which is verified; found out when left out.", valueName: "name"))
  var encoding: String?

  @OptionGroup var site: SiteOptions

  func run() async throws {
    let parts = dataset.pathParts
    guard parts.count == 2 else { throw ValidationError("\(dataset) must be department/dataset") }
    let id: DatasetID
    do throws(IdentifierError) {
      let department = try DepartmentID(parts[0])
      id = try DatasetID(department: department, name: parts[1])
    } catch { throw ValidationError("the name \(dataset) \(error)") }
    var options = TableFileOptions()
    (options.input, options.dialect, options.encoding) = (input, dialect, encoding)
    let form = try options.form()
    let path = try inputPath(input)
    let datasets = try SiteOptions.absolute(site.datasets), schemas = try SiteOptions.absolute(site.schemas)
    let files = ProposedFiles(
      dataset: "\(datasets)/\(id)/dataset.yaml", department: "\(datasets)/\(id.department)/department.yaml",
      schema: "\(schemas)/\(id.name).tableschema.json")
    for file in [files.dataset, files.schema] where fileKind(file) != nil {
      throw ValidationError("\(file) is there already; it is not changed")
    }
    let proposal: Proposal
    do {
      proposal = try await Proposal(
        of: path, encoding: form.encoding, dialect: dialect == nil ? nil : form.dialect,
        folder: getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")
    } catch let refusal as Refusal {
      writeOutput(ReportText(language: site.language).findings(refusal.report))
      throw ExitCode(3)
    }
    let text = ProposalText(
      proposal: proposal, id: id, path: path, folder: "\(datasets)/\(id)", language: site.language)
    for folder in Set(
      [files.dataset, files.schema].map { $0.parentPath ?? "" })
    {
      try makeFolder(folder, mode: 0o755)
    }
    try writeDurably(proposal.schema.json.prettyBytes, to: files.schema, mode: 0o644)
    try writeDurably(Array(text.datasetFile.utf8), to: files.dataset, mode: 0o644)
    if fileKind(files.department) == nil {
      try writeDurably(Array(text.departmentFile.utf8), to: files.department, mode: 0o644)
    }
    writeOutput(text.summary(files))
  }
}

/// Where a proposal is written.
struct ProposedFiles {
  let dataset: String
  let department: String
  let schema: String
}
