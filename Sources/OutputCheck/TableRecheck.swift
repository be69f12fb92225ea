internal import Export
internal import Hashing
internal import Publication
internal import Recognition
internal import Redaction
internal import TableSchema
internal import Tabular

/// Reads the packed rows of a candidate side by side in all formats: they parse, they are what the public schema says, they
/// are the same rows, and no cell holds what must not get out.
struct TableRecheck {
  private let candidate: ReleaseCandidate
  private let rawValues: RawValues
  private let run: Run
  /// For each published field, where an identifier stands that somebody has accepted.
  private var acceptedCounts: [String: [String: Int]] = [:]

  init(_ candidate: ReleaseCandidate, rawValues: RawValues, run: Run) {
    self.candidate = candidate
    self.rawValues = rawValues
    self.run = run
  }

  private func file(_ format: RowFormat) -> ReleaseFile? {
    candidate.files.first { $0.role == .data && $0.name == format.fileName }
  }

  /// Gives each data file with the digest of the bytes that were read; a file that cannot be read is missing there.
  mutating func run(addingTo findings: inout FindingCollector) async throws -> [String: WorkFile] {
    guard let csv = file(.csv) else {
      findings.add(Finding(.outputMismatch, field: RowFormat.csv.fileName, rule: "missing"))
      return [:]
    }
    let json = file(.json)
    let zip = file(.zip)
    var checked: [String: WorkFile] = [:]
    var zipRecheck = try zip.flatMap { try opened($0, &findings) }
    var csvDigest = PackedDigest(csv)
    var jsonDigest = json.map { PackedDigest($0) }
    do {
      let packed = try PackedRows(
        csv: segments(of: csv), json: json.map { try segments(of: $0) }, sheet: zipRecheck?.rows,
        blocks: candidate.blocks)
      try await compareRows(packed, &csvDigest, &jsonDigest, &zipRecheck, &findings)
      checked[csv.name] = try csvDigest.finish(packed.csv, addingTo: &findings)
      if let json, let file = packed.json { checked[json.name] = try jsonDigest?.finish(file, addingTo: &findings) }
      if let zip, let zipRecheck { checked[zip.name] = try finish(zipRecheck, zip, &findings) }
    } catch is FormatError {
      findings.add(Finding(.outputMismatch, field: csv.name, rule: "readable"))
    }
    return checked
  }

  private func opened(_ zip: ReleaseFile, _ findings: inout FindingCollector) throws -> ZipRecheck? {
    do {
      let recheck = try ZipRecheck(
        path: zip.file.path, csvName: "\(candidate.dataset.id.name).csv", blocks: candidate.blocks)
      if recheck == nil { findings.add(Finding(.outputMismatch, field: zip.name, rule: "members")) }
      return recheck
    } catch is FormatError {
      findings.add(Finding(.outputMismatch, field: zip.name, rule: "readable"))
      return nil
    }
  }

  private func finish(_ recheck: ZipRecheck, _ zip: ReleaseFile, _ findings: inout FindingCollector) throws -> WorkFile
  {
    if !recheck.saysWhatItHolds { findings.add(Finding(.outputMismatch, field: zip.name, rule: "digest")) }
    if let readMe = try recheck.readMe() {
      try CheckOutput.checkPlainText(readMe, name: "\(zip.name)/README.txt", rawValues: rawValues, addingTo: &findings)
    } else {
      findings.add(Finding(.outputMismatch, field: zip.name, rule: "members"))
    }
    return try recheck.checkedFile()
  }

  /// A file of one segment is taken as it lies there; of others every flush point must be where it was written.
  private func segments(of file: ReleaseFile) throws -> PackedSegments {
    guard file.segments.count <= 1 else { return try PackedSegments(path: file.file.path, file.segments) }
    return try PackedSegments(oneSegment: file.file.path)
  }

  private mutating func compareRows(
    _ files: PackedRows, _ csv: inout PackedDigest, _ json: inout PackedDigest?, _ zip: inout ZipRecheck?,
    _ findings: inout FindingCollector
  ) async throws {
    let schema = candidate.schema.schema
    var check = TableCheck(
      schema, folder: run.folder(of: .outputCheck), memoryBudget: run.memoryBudget, canReadAgain: true)
    let columns = Array(schema.fields.indices)
    var recognised = RecognisedCells(columnCount: columns.count)
    var rowCount = 0
    try await ordered(
      run.parallelism,
      make: {
        BlockRecheck(files, try ChunkCheck(for: check, columns: columns), schema, rawValues)
      },
      work: { try $0.take() },
      collect: { block in
        csv.append(packed: block.packedCSV, contents: block.batch.bytes, count: block.batch.limit, sum: block.csvSum)
        json?.append(packed: block.packedJSON, contents: block.json, count: block.json.count, sum: block.jsonSum)
        zip?.add(block.sheetSum, byteCount: block.sheetByteCount)
        try check.add(block.check, rowsBefore: rowCount, linesBefore: 0)
        for mismatch in block.mismatches {
          findings.add(
            Finding(
              .outputMismatch, field: mismatch.file.fileName, rule: mismatch.rule,
              at: Location(row: mismatch.row.map { $0 + rowCount })))
        }
        for finding in block.watch.findings.findings { findings.add(finding, shiftedBy: rowCount, lines: 0) }
        recognised.add(block.watch.recognised, rowsBefore: rowCount)
        rowCount += block.rowCount
        run.progress(
          .advanced(
            .outputCheck, candidate.dataset.id, byteCount: csv.byteCount, total: candidate.files.first?.raw?.byteCount))
      })
    if let lost = check.lostKeys() { try await collectKeys(lost) }
    for finding in judge(recognised) { findings.add(finding) }
    noteAccepted(recognised)
    for finding in try recognised.digestFindings(of: rawValues, fields: schema.fields.map(\.name)) {
      findings.add(finding)
    }
    if rowCount != candidate.rowCount {
      findings.add(Finding(.outputMismatch, field: RowFormat.csv.fileName, rule: "row-count"))
    }
    for finding in try check.finish().findings {
      findings.add(
        Finding(
          .outputMismatch, field: finding.field, rule: "\(finding.code.rawValue) \(finding.rule ?? "")",
          limit: finding.limit, at: finding.first,
          count: finding.count))
    }
  }
}

extension TableRecheck {
  /// Reads the rows once more, for keys that must be compared after all.
  private func collectKeys(_ check: consuming TableCheck) async throws {
    guard let csv = file(.csv) else { return }
    var check = check
    let packed = try segments(of: csv)
    let fieldCount = candidate.schema.schema.fields.count
    var rowsBefore = 0
    try await ordered(
      run.parallelism,
      make: { BlockKeys(packed, try ChunkCheck(for: check, columns: Array(0..<fieldCount))) },
      work: { try $0.take(fieldCount: fieldCount) },
      collect: { block in
        try check.add(block.check, rowsBefore: rowsBefore, linesBefore: 0)
        rowsBefore += block.rowCount
      })
  }

  private mutating func noteAccepted(_ recognised: RecognisedCells) {
    for (field, evidence) in zip(candidate.schema.schema.fields, recognised.evidence) {
      let policy = candidate.dataset.columns.first { $0.field == field.name }
      for name in (policy?.accepted ?? [:]).keys {
        let count = Identifier(rawValue: name).map { evidence.certainCount(of: $0) } ?? 0
        if count > 0 { acceptedCounts[field.name, default: [:]][name] = count }
      }
    }
  }

  /// What was done for privacy, with what was seen in the output of what somebody has accepted.
  func summary(_ summary: PrivacySummary) -> PrivacySummary {
    var summary = summary
    for index in summary.columns.indices {
      summary.columns[index].acceptedCounts = acceptedCounts[summary.columns[index].policy.field] ?? [:]
    }
    return summary
  }

  /// What recognisers saw, by the columns' names and what somebody said of them.
  private func judge(_ recognised: RecognisedCells) -> [Finding] {
    let fields = candidate.schema.schema.fields
    let policies = fields.map { field in candidate.dataset.columns.first { $0.field == field.name } }
    return recognised.findings(
      labels: zip(fields, policies).map { [$0.name, $0.title?.zh ?? "", $1?.label ?? ""] }, fields: fields.map(\.name),
      isKept: policies.map { $0?.transform == .keep },
      accepted: policies.map { Set(($0?.accepted ?? [:]).keys.compactMap { Identifier(rawValue: $0) }) },
      isAboutPersons: candidate.dataset.subject == .person)
  }
}

/// Digests of a packed file and of what it holds, taken while its segments are read in order.
private struct PackedDigest: ~Copyable {
  private let file: ReleaseFile
  private var packed = SHA256()
  private var contents = SHA256()
  private var sum = RunningChecksum()
  private var packedByteCount = 0

  init(_ file: ReleaseFile) {
    self.file = file
    packed.update(GzipWriter.header)
    packedByteCount = GzipWriter.header.count
  }

  var byteCount: Int { sum.byteCount }

  mutating func append(packed bytes: [UInt8], contents text: [UInt8], count: Int, sum checksum: UInt32) {
    packed.update(bytes)
    packedByteCount += bytes.count
    contents.update(text.span.extracting(0..<count).bytes)
    sum.append(checksum, byteCount: count)
  }

  /// The file as it was read.
  mutating func finish(_ segments: PackedSegments, addingTo findings: inout FindingCollector) throws -> WorkFile {
    let trailer = try segments.trailer()
    packed.update(trailer)
    packedByteCount += trailer.count
    try segments.checkTrailer(sum)
    if contents.digest() != file.raw?.digest || sum.byteCount != file.raw?.byteCount {
      findings.add(Finding(.outputMismatch, field: file.name, rule: "digest"))
    }
    return WorkFile(path: file.file.path, byteCount: packedByteCount, digest: packed.digest())
  }
}
