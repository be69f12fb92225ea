package import Logging
package import PrivateStore
package import Publication
internal import Tabular
internal import Transport

/// Tells people what they must know, by mail and webhook.
///
/// What could not be sent stays in the ledger, and goes out with the next try.
package struct Messenger: Sendable {
  private let site: Site
  private let store: PrivateStore
  private let logger: Logger

  package init(site: Site, store: PrivateStore, logger: Logger) {
    self.site = site
    self.store = store
    self.logger = logger
  }

  /// Sends what was not sent yet: one mail, one call, however many notices there are.
  package func callAsFunction(now: Instant) async {
    do {
      let mail = site.notifications.mail, webhook = site.notifications.webhook
      guard mail != nil || webhook != nil else { return }
      let notices = try store.ledger.unsentNotices(mail: mail != nil, webhook: webhook != nil)
      if let mail { await attempt(notices.filter { !$0.isMailed }) { try send($0, mail, now) } }
      if let webhook { await attempt(notices.filter { !$0.isCalled }) { try call(webhook, $0) } }
    } catch {
      logger.error("notices could not be sent", metadata: ["error": "\(error)"])
    }
  }

  private func attempt(_ notices: [Ledger.Notice], _ send: @escaping @Sendable ([Ledger.Notice]) throws -> Void) async {
    guard !notices.isEmpty else { return }
    do {
      try await onOwnThread { try send(notices) }
    } catch {
      logger.error("notices could not be sent; they are kept for the next try", metadata: ["error": "\(error)"])
    }
  }

  private func send(_ notices: [Ledger.Notice], _ mail: Notifications.Mail, _ now: Instant) throws {
    guard let server = MailServer(mail.server) else { preconditionFailure("checked when it was configured") }
    let first = notices[0]
    let more = notices.count > 1 ? " (+\(notices.count - 1))" : ""
    let body = notices.map { "\($0.dataset)\n\($0.text.zh)\n\($0.text[.en])\n" }.joined(separator: "\n")
    try server.send(
      MailServer.Message(
        from: mail.from, to: mail.to, subject: "[\(site.title.zh)] \(first.kind.title.zh):\(first.dataset)\(more)",
        body: body + "\n-- \ndaylight status\n", date: now.mailDate,
        id: "<\(now.secondsSince1970).\(first.id)@\(mail.from.split(separator: "@").last ?? "daylight")>"),
      user: mail.user, password: try mail.password.map(store.secret),
      authorityFile: try mail.authority.map { try store.tlsFile($0, "ca") })
    try store.ledger.markMailed(notices)
  }

  private func call(_ webhook: String, _ notices: [Ledger.Notice]) throws {
    guard let address = WebAddress(webhook) else { preconditionFailure("checked when it was configured") }
    var settings = TransferSettings(hosts: AllowedHosts(of: [address]))
    // Nobody waits long for a webhook: what it did not take is sent with the next run.
    settings.connectTimeout = 5
    settings.totalTimeout = 10
    settings.proxy = site.transfer.proxy
    let list = notices.map { notice in
      JSON.members([
        ("at", .string(notice.at.description)), ("kind", .string(notice.kind.rawValue)),
        ("dataset", .string(notice.dataset)),
        ("zh", .string(notice.text.zh)), ("en", .string(notice.text[.en])),
      ])
    }
    let body = JSON.members([("site", .string(site.identifierBase)), ("notices", .array(list))]).prettyBytes
    let request = HTTPRequest(address, fields: [("Content-Type", "application/json")], body: body)
    do {
      _ = try HTTPClient(settings).send(request, into: Nowhere())
    } catch let error as TransferError {
      throw error.showingHostOnly(of: address)
    }
    try store.ledger.markCalled(notices)
  }

  private final class Nowhere: BodySink {
    func begin(_ response: HTTPResponse) {}
    func receive(_ bytes: [UInt8]) {}
  }
}

extension Ledger.Notice.Kind {
  var title: LocalizedText {
    switch self {
    case .refused: LocalizedText(zh: "数据未通过检查", en: "refused")
    case .failed: LocalizedText(zh: "运行失败", en: "failed")
    case .waiting: LocalizedText(zh: "等待审批", en: "waiting for approval")
    case .late: LocalizedText(zh: "未按时更新", en: "late")
    }
  }
}

extension Publisher {
  /// Notes what people should be told about results; a success makes the next trouble news again.
  func tell(_ results: [DatasetResult]) throws {
    let ledger = privateStore.ledger
    try ledger.closeNotices(of: results.filter(\.isSuccess).map(\.dataset), [.refused, .failed, .waiting])
    for result in results {
      switch result.outcome {
      case .released, .unchanged, .listed, .withdrawn: break
      case .waiting:
        try ledger.addNotice(
          .waiting, of: result.dataset,
          LocalizedText(zh: "新的发布等待两名人员审批", en: "a new release waits for the approval of two officers"), at: clock.now)
      case .refused: try ledger.addNotice(.refused, of: result.dataset, result.reason, at: clock.now)
      case .failed: try ledger.addNotice(.failed, of: result.dataset, result.reason, at: clock.now)
      // Worth another try; should it last, the promise is missed, and that is told.
      case .sourceUnavailable: break
      }
    }
  }
}

extension DatasetResult {
  fileprivate var isSuccess: Bool {
    switch outcome {
    case .released, .unchanged, .listed, .withdrawn: true
    case .waiting, .refused, .failed, .sourceUnavailable: false
    }
  }
}
