internal import Approval
internal import Ingest
package import PrivateStore
package import Publication

/// What became of one dataset.
package struct DatasetResult: Sendable {
  package let dataset: DatasetID
  package let outcome: Outcome
  package var release: ReleaseID?
  package var version: Version?
  package var rowCount: Int?
  package var report: Report?
  /// What was done for privacy; nil where nothing was worked through.
  package var privacy: PrivacySummary?
  /// What its columns are like, to be signed off; nil where nobody asked.
  package var fingerprints: [(field: String, fingerprint: ColumnFingerprint)]?
  /// What tells the delivery from the one before; nil where none was taken in.
  var deliveryStamp: String?
  /// For people, in one or two lines; nil where report or outcome says it all.
  package let message: LocalizedText?
  /// The dataset's own exit code.
  package let exitCode: Int32

  init(_ dataset: DatasetID, _ outcome: Outcome, message: LocalizedText? = nil, exitCode: Int32? = nil) {
    self.dataset = dataset
    self.outcome = outcome
    self.message = message
    self.exitCode = exitCode ?? outcome.exitCode
  }

  /// A stage did not go through.
  init(_ error: StageError) {
    switch error.cause {
    case let refusal as Refusal:
      self.init(error.dataset, .refused)
      report = refusal.report
      rowCount = refusal.report.rowCount
    case let ingest as IngestError:
      self.init(error.dataset, ingest.isSourceUnavailable ? .sourceUnavailable : .failed, message: ingest.text)
    default: self = .failed(error.dataset, error)
    }
  }

  static func misconfigured(_ dataset: DatasetID, _ problem: String) -> DatasetResult {
    DatasetResult(dataset, .failed, message: LocalizedText(zh: "配置有误:\(problem)", en: problem), exitCode: 2)
  }

  /// Errors of the system and of the stores are told as they are.
  static func failed(_ dataset: DatasetID, _ error: any Error) -> DatasetResult {
    let text = String(describing: error)
    return DatasetResult(dataset, .failed, message: LocalizedText(zh: "运行失败:\(text)", en: text))
  }

  /// Ready to be released, but a page or catalogue that goes out with it was refused.
  static func heldBack(_ dataset: DatasetID, _ report: Report) -> DatasetResult {
    var result = DatasetResult(
      dataset, .refused,
      message: LocalizedText(
        zh: "数据集本身可以发布,但站点页面或目录未通过检查,因此本次没有发布任何内容",
        en: "is fit to be released, but a page or catalogue of the site was refused, so nothing went out"))
    result.report = report
    return result
  }

  /// Released, and not configured any more.
  ///
  /// What was published stays until somebody takes it back, and says why.
  static func folderGone(_ dataset: DatasetID) -> DatasetResult {
    DatasetResult(
      dataset, .failed,
      message: LocalizedText(
        zh: "已有发布,但 datasets/ 下的目录不见了;已发布的内容保持不变\n提示:请恢复该目录,或运行 daylight withdraw \(dataset) --reason … 撤回",
        en: "has releases, but its folder below datasets/ is gone; they stay published\n"
          + "hint: put the folder back, or take them back: daylight withdraw \(dataset) --reason …"))
  }

  /// Taken back, and still configured.
  static func stillWithdrawn(_ dataset: DatasetID, since: Instant) -> DatasetResult {
    DatasetResult(
      dataset, .withdrawn,
      message: LocalizedText(
        zh: "已于 \(since.date) 撤回,不再发布\n提示:如需重新发布,请运行 daylight withdraw \(dataset) --undo;否则请删除其目录",
        en: "was withdrawn on \(since.date), and is not published\n"
          + "hint: to publish it again: daylight withdraw \(dataset) --undo; else remove its folder"))
  }

  static func waiting(_ dataset: DatasetID, _ waiting: HeldCandidate.Waiting) -> DatasetResult {
    let (have, need) = (waiting.signed.count, HeldCandidate.neededCount)
    let names = waiting.unclear.joined(separator: ", ")
    let again =
      waiting.unclear.isEmpty
      ? LocalizedText(zh: "", en: "")
      : LocalizedText(
        zh: "\n\(names) 的保密审查结论不是“\(SecrecyReview.notSecret.rawValue)”,不计入:如确认不涉密,请重新签署;否则请退回",
        en:
          "\nthe secrecy review of \(names) does not say \(SecrecyReview.notSecret.rawValue), and does not count: sign again if nothing is secret, else reject"
      )
    return DatasetResult(
      dataset, .waiting,
      message: LocalizedText(
        zh: "等待审批:已有 \(have) 人签署,需要 \(need) 人\(again.zh)\n提示:daylight review \(dataset) --html 文件",
        en:
          "waits for approval: \(have) of \(need) have signed\(again[.en])\nhint: daylight review \(dataset) --html FILE"
      ))
  }

  /// The very candidate that an officer sent back.
  static func rejected(_ dataset: DatasetID, _ rejection: Rejection) -> DatasetResult {
    DatasetResult(
      dataset, .refused,
      message: LocalizedText(
        zh: "\(rejection.reason.zh)(\(rejection.at.date))\n提示:数据或配置改变后会重新送审;撤销退回:daylight reject \(dataset) --undo",
        en: "\(rejection.reason[.en]) (\(rejection.at.date))\n"
          + "hint: it is submitted again once the data or the configuration change; to take the rejection back: daylight reject \(dataset) --undo"
      ))
  }

  /// Released while it was open, and closed since: closing takes nothing back.
  static func stillPublished(_ dataset: DatasetID, access: Access) -> DatasetResult {
    DatasetResult(
      dataset, .failed,
      message: LocalizedText(
        zh: "access 已改为 \(access.rawValue),但此前的发布仍然公开\n提示:请改回 access,或运行 daylight withdraw \(dataset) --reason … 撤回",
        en: "access is \(access.rawValue) now, but its releases are still published\n"
          + "hint: set access back, or take them back: daylight withdraw \(dataset) --reason …"))
  }

  /// Why, for people: each kind of error, or what went wrong.
  package var reason: LocalizedText {
    if let message { return message }
    let errors = report?.errors ?? []
    func words(_ language: Language) -> String {
      errors.map { error in
        let text = error.code.text
        let count = error.count > 1 ? (language == .zh ? ",\(error.count) 处" : ", \(error.count) times") : ""
        let field = error.field.map { language == .zh ? "(列 \($0)\(count))" : " (column \($0)\(count))" }
        return text.meaning[language] + (field ?? "") + (language == .zh ? "\n→ " : "\n→ ") + text.advice[language]
      }.joined(separator: "\n")
    }
    return LocalizedText(zh: words(.zh), en: words(.en))
  }
}
