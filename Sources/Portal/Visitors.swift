internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTPTypes
internal import Synchronization
internal import Tabular

/// How many answers are on their way to each address, in memory only.
final class Visitors: Sendable {
  private let counts = Mutex<[String: Int]>([:])

  /// One of the answers; given back with the last that holds it, however that ends.
  final class Place: Sendable {
    private let visitors: Visitors
    private let address: String

    fileprivate init(_ visitors: Visitors, _ address: String) {
      self.visitors = visitors
      self.address = address
    }

    deinit { visitors.leave(address) }
  }

  /// - Parameter limit: 0 for none.
  /// - Returns: nil where there are too many.
  func enter(_ address: String, limit: Int) -> Place? {
    let isIn = counts.withLock { counts in
      let count = counts[address] ?? 0
      guard limit == 0 || count < limit else { return false }
      counts[address] = count + 1
      return true
    }
    return isIn ? Place(self, address) : nil
  }

  private func leave(_ address: String) {
    counts.withLock { counts in
      let count = (counts[address] ?? 1) - 1
      counts[address] = count == 0 ? nil : count
    }
  }
}

/// Says once how an answer ended: at its end, or when nobody holds it any more.
final class Ending: Sendable {
  private let report: Mutex<(@Sendable (_ byteCount: Int, _ isComplete: Bool) -> Void)?>

  init(_ report: @escaping @Sendable (_ byteCount: Int, _ isComplete: Bool) -> Void) { self.report = Mutex(report) }

  func end(_ byteCount: Int, isComplete: Bool) {
    report.withLock { report in
      defer { report = nil }
      return report
    }?(byteCount, isComplete)
  }

  deinit { end(0, isComplete: false) }
}

/// A request, with the connection that it came on.
struct Visit: RequestContext {
  var coreContext: CoreRequestContextStorage
  let channel: any Channel

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    channel = source.channel
  }
}

/// Closes a connection on which no whole request head has come in time, however slowly its bytes trickle in.
final class HeadDeadline: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private let first: TimeAmount
  private let later: TimeAmount
  private var timer: Scheduled<Void>?

  init(_ limits: Serve.Limits) {
    first = .seconds(Int64(limits.headTimeout))
    later = .seconds(Int64(limits.keepAlive))
  }

  func handlerAdded(context: ChannelHandlerContext) { if context.channel.isActive { start(first, context) } }

  func channelActive(context: ChannelHandlerContext) {
    start(first, context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .head = unwrapInboundIn(data) { timer?.cancel() }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if case .end = unwrapOutboundIn(data) { start(later, context) }
    context.write(data, promise: promise)
  }

  private func start(_ time: TimeAmount, _ context: ChannelHandlerContext) {
    timer?.cancel()
    let channel = context.channel
    timer = context.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
  }
}

/// A gzip file's contents, piece by piece; used by one task at a time.
final class Unpacking: @unchecked Sendable {
  private let source: InflatingByteSource

  init(path: String) throws { source = try InflatingByteSource(FileByteSource(path: path)) }

  func next() throws -> [UInt8]? {
    var chunk: [UInt8] = []
    return try source.read(256 << 10, appendingTo: &chunk) ? chunk : nil
  }
}
