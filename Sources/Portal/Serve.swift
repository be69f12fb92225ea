internal import HTTPTypes
internal import Hashing
internal import Hummingbird
internal import HummingbirdCore
package import Logging
internal import NIOCore
internal import NIOPosix
internal import Publication
internal import ServiceLifecycle
internal import Tabular
internal import UnixSignals

/// Serves a public root over HTTP: reads, and never writes.
package struct Serve: Sendable {
  /// What clients may ask of the server.
  package struct Limits: Sendable {
    /// Connections at a time, and requests at a time of one address.
    package var connections = 1_024
    package var requestsByAddress = 32
    /// Seconds until a request must have come whole, and a client must have taken the next piece of its answer.
    package var headTimeout = 15
    package var writeTimeout = 60
    package var keepAlive = 60

    package init() {}
  }

  /// One answer, for the access log: nothing that says who asked.
  package struct Access: Sendable {
    package let method: String
    /// "-" where the site has no such thing: people type all kinds of things.
    package let path: String
    package let status: Int
    /// Bytes of the body that were handed to the system.
    package let byteCount: Int
    package let isComplete: Bool
    package let seconds: Double
  }

  private let finder: Finder
  private let hosts: [String]
  private let port: Int
  private let limits: Limits
  private let logger: Logger
  private let log: @Sendable (Access) -> Void
  private let visitors = Visitors()
  private static let chunkByteCount = 256 << 10

  /// - Parameters:
  ///   - root: the public root, absolute.
  ///   - hosts: addresses to listen on, IPv4 or IPv6.
  ///   - log: called after each answer, from any thread.
  package init(
    root: String, hosts: [String], port: Int, limits: Limits = Limits(), logger: Logger,
    log: @escaping @Sendable (Access) -> Void
  ) throws {
    finder = Finder(root: try resolvedPath(root))
    self.hosts = hosts
    self.port = port
    self.limits = limits
    self.logger = logger
    self.log = log
  }

  /// Returns after SIGTERM or SIGINT, when the answers on their way have ended.
  ///
  /// - Parameter ready: called for each address with the port that it listens on.
  package func callAsFunction(ready: @escaping @Sendable (_ host: String, _ port: Int) -> Void) async throws {
    let responder = CallbackResponder<Visit> { request, visit in await respond(to: request, visit) }
    let limits = limits
    let services = hosts.map { host in
      Application(
        responder: responder,
        server: .http1(
          configuration: .init(
            additionalChannelHandlers: [HeadDeadline(limits)], idleTimeout: .seconds(Int64(limits.keepAlive)),
            httpDecoderConfiguration: .init(
              maxHeaderFieldSize: 8 << 10, maxHeaderListSize: 16 << 10, maxHeaderFieldCount: 100))),
        configuration: .init(
          address: .hostname(host, port: port), serverName: "daylight",
          availableConnectionsDelegate: MaximumAvailableConnections(limits.connections, logger: logger)),
        onServerRunning: { channel in ready(host, channel.localAddress?.port ?? 0) },
        logger: logger)
    }
    var configuration = ServiceGroupConfiguration(
      services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    // A download that takes longer than this after the signal is cut off.
    configuration.maximumGracefulShutdownDuration = Duration.seconds(30)
    try await ServiceGroup(configuration: configuration).run()
  }

  private func respond(to request: Request, _ visit: Visit) async -> Response {
    let start = ContinuousClock().now
    let method = request.method
    let parts = request.head.path?.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false) ?? [""]
    let path = String(parts[0])
    let wantsMark = parts.count > 1 && parts[1].split(separator: "&").contains("bom=true")
    let address = visit.channel.remoteAddress?.ipAddress ?? ""
    guard let place = visitors.enter(address, limit: limits.requestsByAddress) else {
      var answer = Answer(
        .tooManyRequests,
        LocalizedText(
          zh: "同一地址的并发请求过多,请稍候再试。", en: "Too many requests at a time from this address; try again in a moment."))
      answer.fields[.retryAfter] = "1"
      answer.fields[.cacheControl] = "no-store"
      return response(answer, nil, method, "-", start, visit, place: nil)
    }
    var known = "-"
    var answer: Answer
    var representation: Representation?
    switch method {
    case .get, .head:
      guard request.head.authority != nil else {
        answer = Answer(.badRequest, LocalizedText(zh: "缺少 Host。", en: "There is no Host."))
        answer.fields[.connection] = "close"
        break
      }
      let hasBody =
        request.headers[.transferEncoding] != nil || request.headers[.contentLength].map { $0 != "0" } ?? false
      guard !hasBody else {
        answer = Answer(.contentTooLarge, LocalizedText(zh: "请求不应带有正文。", en: "A request has no body here."))
        answer.fields[.connection] = "close"
        break
      }
      do {
        let finder = finder
        // Looking at files blocks; tasks' threads are few.
        let resource = try await NIOThreadPool.singleton.runIfActive { try finder.resource(path, wantsMark: wantsMark) }
        (answer, representation) = self.answer(resource, request.headers, method)
        if case .missing = resource {} else { known = path }
      } catch {
        logger.error("cannot be served", metadata: ["error": "\(error)"])
        answer = Answer(.internalServerError, LocalizedText(zh: "服务器出错。", en: "The server failed."))
        answer.fields[.cacheControl] = "no-store"
      }
    case .options:
      answer = Answer(.noContent)
      answer.fields[.allow] = "GET, HEAD, OPTIONS"
      answer.fields[.accessControlAllowMethods] = "GET, HEAD, OPTIONS"
      answer.fields[.accessControlAllowHeaders] = "Range, If-Range, If-None-Match, If-Modified-Since"
      answer.fields[.accessControlMaxAge] = "86400"
    default:
      answer = Answer(.methodNotAllowed, LocalizedText(zh: "只支持读取。", en: "This site can only be read."))
      answer.fields[.allow] = "GET, HEAD, OPTIONS"
      answer.fields[.connection] = "close"
    }
    return response(answer, representation, method, known, start, visit, place: place)
  }

  private func answer(_ resource: Resource, _ fields: HTTPFields, _ method: HTTPRequest.Method) -> (
    Answer, Representation?
  ) {
    switch resource {
    case .file(let representation):
      var fields = fields
      // A range is a matter of GET alone (RFC 9110 §14.2).
      if method != .get { fields[.range] = nil }
      return (Answer(representation, request: fields), representation)
    case .moved(let path):
      var answer = Answer(.movedPermanently, LocalizedText(zh: path, en: path))
      answer.fields[.location] = path
      return (answer, nil)
    case .withdrawn(let reason):
      let text = LocalizedText(zh: "该数据集已撤回:\(reason.zh)", en: "This dataset was withdrawn: \(reason[.en])")
      return (Answer(.gone, text), nil)
    case .missing: return (Answer(.notFound, LocalizedText(zh: "没有这个文件。", en: "There is no such file.")), nil)
    }
  }

  // MARK: Sending

  private func response(
    _ answer: Answer, _ representation: Representation?, _ method: HTTPRequest.Method, _ path: String,
    _ start: ContinuousClock.Instant, _ visit: Visit, place: Visitors.Place?
  ) -> Response {
    var fields = answer.fields
    let hasBody = method != .head && answer.byteCount > 0
    if answer.status != .notModified && answer.status != .noContent { fields[.contentLength] = "\(answer.byteCount)" }
    let parts = answer.parts
    let status = answer.status
    // Ends with the answer, or with the last that holds it, where its client was gone before the head could be sent.
    let ending = Ending { [log] byteCount, isComplete in
      _ = place
      log(
        Access(
          method: method.rawValue.count <= 8 ? method.rawValue : "-", path: path, status: status.code,
          byteCount: byteCount,
          isComplete: isComplete,
          seconds: (ContinuousClock().now - start) / .seconds(1)))
    }
    let isLast = fields[.connection] == "close"
    guard hasBody || isLast else {
      ending.end(0, isComplete: true)
      if status == .notModified || status == .noContent { return bare(status, fields) }
      return Response(status: status, headers: fields, body: .init())
    }
    let body = ResponseBody(contentLength: answer.byteCount) { writer in
      var sent = 0
      do {
        for part in hasBody ? parts : [] {
          switch part {
          case .bytes(let bytes):
            try await send(bytes, &writer, &sent, on: visit.channel)
          case .range(let range):
            guard let representation else { continue }
            try await send(representation, range, &writer, &sent, on: visit.channel)
          }
        }
        try await writer.finish(nil)
        ending.end(sent, isComplete: true)
        if isLast { visit.channel.close(promise: nil) }
      } catch {
        ending.end(sent, isComplete: false)
        // A client that did not come for the rest must not keep the connection.
        visit.channel.close(promise: nil)
        throw error
      }
    }
    return Response(status: status, headers: fields, body: body)
  }

  /// 304 and 204 have no length of their own.
  private func bare(_ status: HTTPResponse.Status, _ fields: HTTPFields) -> Response {
    var response = Response(status: status, headers: fields)
    response.headers[.contentLength] = nil
    return response
  }

  private func send(
    _ representation: Representation, _ range: Range<Int>, _ writer: inout any ResponseBodyWriter, _ sent: inout Int,
    on channel: any Channel
  ) async throws {
    switch representation.body {
    case .file(let open):
      var offset = range.lowerBound
      while offset < range.upperBound {
        let start = offset
        let count = min(Self.chunkByteCount, range.upperBound - start)
        let chunk = try await NIOThreadPool.singleton.runIfActive {
          var chunk: [UInt8] = []
          _ = try open.file.read(count, at: start, appendingTo: &chunk)
          return chunk
        }
        guard !chunk.isEmpty else { throw DamagedFile(path: "") }
        try await send(chunk, &writer, &sent, on: channel)
        offset += chunk.count
      }
    case .unpacked(let path, let hasMark):
      let source = try await NIOThreadPool.singleton.runIfActive { try Unpacking(path: path) }
      var expected = range.count
      if hasMark {
        try await send([0xef, 0xbb, 0xbf], &writer, &sent, on: channel)
        expected -= 3
      }
      while let chunk = try await NIOThreadPool.singleton.runIfActive({ try source.next() }) {
        expected -= chunk.count
        guard expected >= 0 else { throw DamagedFile(path: path) }
        try await send(chunk, &writer, &sent, on: channel)
      }
      guard expected == 0 else { throw DamagedFile(path: path) }
    }
  }

  /// Gives a client that takes nothing only so long: a write that waits ends when its connection does.
  private func send(
    _ bytes: [UInt8], _ writer: inout any ResponseBodyWriter, _ sent: inout Int, on channel: any Channel
  )
    async throws
  {
    let timer = channel.eventLoop.scheduleTask(in: .seconds(Int64(limits.writeTimeout))) { channel.close(promise: nil) }
    defer { timer.cancel() }
    try await writer.write(ByteBuffer(bytes: bytes))
    sent += bytes.count
  }
}
