internal import Glibc
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Publication
internal import Synchronization
internal import Tabular

/// One client's connection: a request at a time, and its answer in pieces, each after the client has taken the one before.
///
/// Everything but looking at files runs on the connection's event loop.
final class Connection: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// What all connections share.
  struct Service: Sendable {
    let finder: Finder
    let limits: Serve.Limits
    let clients: Clients
    let logger: Logger
    let log: @Sendable (Serve.Access) -> Void
  }

  private let service: Service
  private let place: Clients.Place
  private var head: HTTPRequestHead?
  private var hasBody = false
  private var answer: Exchange?
  /// The client has said all that it wants to say.
  private var isInputClosed = false
  private var timer: Scheduled<Void>?

  /// An answer on its way.
  private struct Exchange {
    let method: String
    var path = "-"
    var status = 0
    var byteCount = 0
    let start = ContinuousClock().now
    let isCounted: Bool
    var isUnpacked = false
    var isLast: Bool
  }

  /// Bytes that a client must take before it gets more.
  private static let pieceByteCount = 256 << 10
  /// What is unpacked on the way, at a time: each connection has its own.
  static let unpackedByteCount = 16 << 10

  init(_ service: Service, _ place: Clients.Place) {
    self.service = service
    self.place = place
  }

  // MARK: What comes in

  func handlerAdded(context: ChannelHandlerContext) { wait(service.limits.headTimeout, context) }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    end(isComplete: false)
    service.clients.leave(place)
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { service.clients.leave(place) }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case ChannelEvent.inputClosed:
      isInputClosed = true
      if answer == nil { context.close(promise: nil) }
    case is EndWhenIdle:
      if answer == nil && head == nil { context.close(promise: nil) } else { answer?.isLast = true }
    default: context.fireUserInboundEventTriggered(event)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      timer?.cancel()
      self.head = head
      hasBody =
        head.headers.contains(name: "Transfer-Encoding") || head.headers["Content-Length"].contains { $0 != "0" }
      // What nobody will read is not waited for.
      if hasBody { respond(to: head, context) }
    case .body: break
    case .end: if let head, answer == nil { respond(to: head, context) }
    }
  }

  /// Closes the connection of a client that takes too long, however slowly it goes on.
  private func wait(_ seconds: Int, _ context: ChannelHandlerContext) {
    timer?.cancel()
    let channel = context.channel
    timer = context.eventLoop.scheduleTask(in: .seconds(Int64(seconds))) { channel.close(promise: nil) }
  }

  // MARK: What goes out

  private func respond(to head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    let isCounted = service.clients.beginRequest(place)
    let method = head.method.rawValue
    answer = Exchange(
      method: method.utf8.count <= 8 ? method : "-", isCounted: isCounted,
      isLast: !head.isKeepAlive || hasBody || service.clients.isEnding)
    guard isCounted else {
      var answer = Answer(
        .tooManyRequests,
        LocalizedText(
          zh: "同一地址的并发请求过多,请稍候再试。", en: "Too many requests at a time from this address; try again in a moment."))
      answer.headers.add(name: "Retry-After", value: "1")
      answer.headers.replaceOrAdd(name: "Cache-Control", value: "no-store")
      return send(answer, nil, head, context)
    }
    switch head.method {
    case .GET, .HEAD: find(head, context)
    case .OPTIONS:
      var answer = Answer(.noContent)
      answer.headers.add(name: "Allow", value: "GET, HEAD, OPTIONS")
      answer.headers.add(name: "Access-Control-Allow-Methods", value: "GET, HEAD, OPTIONS")
      answer.headers.add(
        name: "Access-Control-Allow-Headers", value: "Range, If-Range, If-None-Match, If-Modified-Since")
      answer.headers.add(name: "Access-Control-Max-Age", value: "86400")
      send(answer, nil, head, context)
    default:
      self.answer?.isLast = true
      var answer = Answer(.methodNotAllowed, LocalizedText(zh: "只支持读取。", en: "This site can only be read."))
      answer.headers.add(name: "Allow", value: "GET, HEAD, OPTIONS")
      send(answer, nil, head, context)
    }
  }

  private func find(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    func refuse(_ status: HTTPResponseStatus, _ text: LocalizedText) {
      answer?.isLast = true
      send(Answer(status, text), nil, head, context)
    }
    let hosts = head.headers["Host"].count
    // One, always; in HTTP/1.0 it may be left out (RFC 9112 §3.2).
    guard hosts == 1 || (hosts == 0 && head.version.minor == 0) else {
      return refuse(.badRequest, LocalizedText(zh: "Host 缺失或重复。", en: "There is no Host, or more than one."))
    }
    guard !hasBody else {
      return refuse(.payloadTooLarge, LocalizedText(zh: "请求不应带有正文。", en: "A request has no body here."))
    }
    let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let path = String(parts.first ?? "")
    let wantsMark = parts.count > 1 && parts[1].split(separator: "&").contains("bom=true")
    let (finder, service) = (service.finder, service)
    if !wantsMark, let small = finder.smallResource(path) { return send(.file(small), path, head, context) }
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    // Looking at files blocks.
    NIOThreadPool.singleton.runIfActive(eventLoop: context.eventLoop) {
      let resource = try finder.resource(path, wantsMark: wantsMark)
      return wantsMark ? resource : finder.keepingSmall(resource, of: path)
    }.whenComplete { result in
      let (connection, context) = bound.value
      switch result {
      case .success(let resource): connection.send(resource, path, head, context)
      case .failure(let error):
        service.logger.error("cannot be served", metadata: ["path": "\(path)", "error": "\(error)"])
        var answer = Answer(.internalServerError, LocalizedText(zh: "服务器出错。", en: "The server failed."))
        answer.headers.replaceOrAdd(name: "Cache-Control", value: "no-store")
        connection.send(answer, nil, head, context)
      }
    }
  }

  private func send(_ resource: Resource, _ path: String, _ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    // The client went while files were looked at: what is counted from here on would never be given back.
    guard answer != nil else { return }
    if case .missing = resource {} else { answer?.path = path }
    switch resource {
    case .file(let representation):
      if case .unpacked = representation.body, head.method == .GET {
        guard service.clients.beginUnpacking() else {
          var answer = Answer(
            .serviceUnavailable,
            LocalizedText(
              zh: "解压下载过多,请稍后再试,或下载 .gz 文件。",
              en: "Too many downloads are unpacked just now; try again, or take the .gz file."))
          answer.headers.replaceOrAdd(name: "Cache-Control", value: "no-store")
          answer.headers.add(name: "Retry-After", value: "10")
          return send(answer, nil, head, context)
        }
        answer?.isUnpacked = true
      }
      // A range is a matter of GET alone (RFC 9110 §14.2).
      let answer = Answer(representation, request: head.headers, isGet: head.method == .GET)
      send(answer, representation, head, context)
    case .moved(let path):
      var answer = Answer(.movedPermanently, LocalizedText(zh: path, en: path))
      answer.headers.add(name: "Location", value: path)
      send(answer, nil, head, context)
    case .withdrawn(let reason):
      let text = LocalizedText(zh: "该数据已撤回:\(reason.zh)", en: "This was withdrawn: \(reason[.en])")
      send(Answer(.gone, text), nil, head, context)
    case .unavailable:
      var answer = Answer(
        .serviceUnavailable, LocalizedText(zh: "站点正在恢复,请稍后再试。", en: "The site is being put right; try again later."))
      answer.headers.replaceOrAdd(name: "Cache-Control", value: "no-store")
      answer.headers.add(name: "Retry-After", value: "60")
      send(answer, nil, head, context)
    case .missing:
      send(Answer(.notFound, LocalizedText(zh: "没有这个文件。", en: "There is no such file.")), nil, head, context)
    }
  }

  private func send(
    _ answer: Answer, _ representation: Representation?, _ request: HTTPRequestHead, _ context: ChannelHandlerContext
  ) {
    guard context.channel.isActive else { return end(isComplete: false) }
    self.answer?.status = Int(answer.status.code)
    var head = HTTPResponseHead(version: .http1_1, status: answer.status, headers: answer.headers)
    if answer.status != .notModified && answer.status != .noContent {
      head.headers.add(name: "Content-Length", value: "\(answer.byteCount)")
    }
    if self.answer?.isLast == true || isInputClosed {
      self.answer?.isLast = true
      head.headers.add(name: "Connection", value: "close")
    } else if request.version.minor == 0 {
      head.headers.add(name: "Connection", value: "keep-alive")
    }
    head.headers.add(name: "Date", value: DateField.now)
    head.headers.add(name: "Server", value: "daylight")
    wait(service.limits.writeTimeout, context)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    guard request.method != .HEAD, answer.byteCount > 0 else { return finish(context) }
    send(answer.parts[...], representation, context)
  }

  /// Sends the parts of a body, one after the other.
  private func send(
    _ parts: ArraySlice<Answer.Part>, _ representation: Representation?, _ context: ChannelHandlerContext
  ) {
    guard let part = parts.first else { return finish(context) }
    let rest = parts.dropFirst()
    switch part {
    case .bytes(let bytes):
      let buffer = context.channel.allocator.buffer(bytes: bytes)
      write(.byteBuffer(buffer), bytes.count, context) { $0.send(rest, representation, $1) }
    case .range(let range):
      switch representation?.body {
      case .memory(let bytes):
        write(.byteBuffer(context.channel.allocator.buffer(bytes: bytes[range])), range.count, context) {
          $0.send(rest, representation, $1)
        }
      case .file(let file):
        do {
          let source = try FileToSend(file)
          send(source, range, context) { $0.send(rest, representation, $1) }
        } catch {
          cut(context)
        }
      case .unpacked(let unpacking):
        unpack(unpacking, context) { $0.send(rest, representation, $1) }
      case nil: cut(context)
      }
    }
  }

  private typealias Next = (Connection, ChannelHandlerContext) -> Void

  /// Sends a range of a file from the system's own memory, a piece at a time.
  private func send(
    _ file: FileToSend, _ range: Range<Int>, _ context: ChannelHandlerContext, then next: @escaping Next
  ) {
    guard !range.isEmpty else {
      file.close()
      return next(self, context)
    }
    let end = min(range.lowerBound + Self.pieceByteCount, range.upperBound)
    // A file that is cut off meanwhile would never be sent to its end.
    guard file.holds(end) else {
      file.close()
      return cut(context)
    }
    let piece = FileRegion(fileHandle: file.handle, readerIndex: range.lowerBound, endIndex: end)
    write(.fileRegion(piece), end - range.lowerBound, context) { connection, context in
      connection.send(file, end..<range.upperBound, context, then: next)
    } failed: {
      file.close()
    }
  }

  private func unpack(_ unpacking: Unpacking, _ context: ChannelHandlerContext, then next: @escaping Next) {
    let bound = NIOLoopBound((self, context, next), eventLoop: context.eventLoop)
    NIOThreadPool.singleton.runIfActive(eventLoop: context.eventLoop) { try unpacking.next() }.whenComplete { result in
      let (connection, context, next) = bound.value
      switch result {
      case .success(let chunk?):
        let buffer = context.channel.allocator.buffer(bytes: chunk)
        connection.write(.byteBuffer(buffer), chunk.count, context) { $0.unpack(unpacking, $1, then: next) }
      case .success(nil): next(connection, context)
      case .failure: connection.cut(context)
      }
    }
  }

  /// Writes a piece; what follows is done when the client has taken it.
  private func write(
    _ data: IOData, _ count: Int, _ context: ChannelHandlerContext, then next: @escaping Next,
    failed: @escaping () -> Void = {}
  ) {
    wait(service.limits.writeTimeout, context)
    let bound = NIOLoopBound((self, context, next, failed), eventLoop: context.eventLoop)
    context.writeAndFlush(wrapOutboundOut(.body(data))).whenComplete { result in
      let (connection, context, next, failed) = bound.value
      switch result {
      case .success:
        connection.answer?.byteCount += count
        next(connection, context)
      case .failure:
        failed()
        connection.cut(context)
      }
    }
  }

  private func finish(_ context: ChannelHandlerContext) {
    let isLast = answer?.isLast == true || isInputClosed
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { result in
      let (connection, context) = bound.value
      let isWhole = if case .success = result { true } else { false }
      connection.end(isComplete: isWhole)
      if isLast || !isWhole { context.close(promise: nil) }
    }
    head = nil
    hasBody = false
    if !isLast { wait(service.limits.keepAlive, context) }
  }

  /// Ends an answer that cannot be sent whole: the client sees that it was cut off.
  private func cut(_ context: ChannelHandlerContext) {
    end(isComplete: false)
    context.close(promise: nil)
  }

  /// Says once how an answer ended.
  private func end(isComplete: Bool) {
    guard let ended = answer else { return }
    answer = nil
    if ended.isCounted { service.clients.endRequest(place) }
    if ended.isUnpacked { service.clients.endUnpacking() }
    service.log(
      Serve.Access(
        method: ended.method, path: ended.path, status: ended.status, byteCount: ended.byteCount,
        isComplete: isComplete,
        seconds: (ContinuousClock().now - ended.start) / .seconds(1)))
  }
}

/// An open file on its way to one client.
private final class FileToSend {
  let handle: NIOFileHandle
  private let file: OpenFile

  init(_ file: OpenFile) throws {
    self.file = file
    handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: try file.file.duplicateDescriptor())
  }

  func holds(_ end: Int) -> Bool { ((try? file.file.currentState())?.byteCount ?? 0) >= end }
  func close() { try? handle.close() }
  deinit { close() }
}

/// The present second as HTTP writes it.
enum DateField {
  private static let known = Mutex<(second: Int, text: String)>((0, ""))

  static var now: String {
    let second = time(nil)
    return known.withLock { known in
      if known.second != second { known = (second, Instant(secondsSince1970: second).httpDate) }
      return known.text
    }
  }
}
