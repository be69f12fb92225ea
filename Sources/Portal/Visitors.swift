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

  /// - Returns: false where there are too many.
  func enter(_ address: String, limit: Int) -> Bool {
    counts.withLock { counts in
      let count = counts[address] ?? 0
      guard count < limit else { return false }
      counts[address] = count + 1
      return true
    }
  }

  func leave(_ address: String) {
    counts.withLock { counts in
      let count = (counts[address] ?? 1) - 1
      counts[address] = count == 0 ? nil : count
    }
  }
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
