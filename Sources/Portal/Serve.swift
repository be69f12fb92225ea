internal import Dispatch
internal import Glibc
package import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
package import Publication
internal import Synchronization
internal import Tabular

/// Serves a public root over HTTP: reads, and never writes.
package struct Serve: Sendable {
  /// What clients may ask of the server.
  package struct Limits: Sendable {
    /// Connections at a time, of everybody and of one address; 0 for no limit of addresses.
    package var connections = 1_024
    package var connectionsByAddress = 128
    /// Requests at a time of one address; 0 for no limit.
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
  /// Seconds that downloads have to end in after a signal; then they are cut off.
  private static let patience = 30

  /// - Parameters:
  ///   - root: the public root, absolute.
  ///   - hosts: addresses to listen on, IPv4 or IPv6.
  ///   - log: called after each answer, from any thread; it must not wait for anything.
  package init(
    root: String, hosts: [String], port: Int, limits: Limits = Limits(), logger: Logger,
    log: @escaping @Sendable (Access) -> Void
  ) throws {
    finder = Finder(root: try resolvedPath(root), logger: logger)
    self.hosts = hosts
    self.port = port
    self.limits = limits
    self.logger = logger
    self.log = log
  }

  /// Returns after SIGTERM or SIGINT, when the answers on their way have ended.
  ///
  /// - Parameter ready: called for each address with the port that it listens on.
  /// - Throws: `ServeError` where an address cannot be listened on.
  package func callAsFunction(ready: @escaping @Sendable (_ host: String, _ port: Int) -> Void) async throws {
    let signals = AsyncStream.makeStream(of: Void.self)
    let sources = [SIGTERM, SIGINT].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { signals.continuation.yield() }
      source.resume()
      return source
    }
    defer { for source in sources { source.cancel() } }

    let group = MultiThreadedEventLoopGroup(numberOfThreads: Parallelism.coreCount)
    let clients = Clients(limits)
    let service = Connection.Service(finder: finder, limits: limits, clients: clients, logger: logger, log: log)
    var listeners: [any Channel] = []
    do {
      for host in hosts {
        let listener = try await listen(host, group, service)
        listeners.append(listener)
        ready(host, listener.localAddress?.port ?? 0)
      }
      var iterator = signals.stream.makeAsyncIterator()
      _ = await iterator.next()
    } catch {
      for listener in listeners { try? await listener.close() }
      try? await group.shutdownGracefully()
      throw error
    }
    for listener in listeners { try? await listener.close() }
    await clients.end(within: Self.patience)
    try await group.shutdownGracefully()
  }

  private func listen(_ host: String, _ group: MultiThreadedEventLoopGroup, _ service: Connection.Service) async throws
    -> any Channel
  {
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1_024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      // Whoever has said all that they want to say may still listen.
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard let place = service.clients.enter(channel) else {
            channel.close(promise: nil)
            return
          }
          var decoder = NIOHTTPDecoderLimitConfiguration()
          decoder.maxHeaderFieldSize = 8 << 10
          decoder.maxHeaderListSize = 16 << 10
          decoder.maxHeaderFieldCount = 100
          try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withPipeliningAssistance: true, withServerUpgrade: nil, withErrorHandling: true,
            withOutboundHeaderValidation: true, withEncoderConfiguration: .init(),
            withDecoderLimitConfiguration: decoder)
          try channel.pipeline.syncOperations.addHandler(Connection(service, place))
        }
      }
    do {
      return try await bootstrap.bind(host: host, port: port).get()
    } catch {
      throw ServeError(host: host, port: port, cause: error)
    }
  }
}

/// An address cannot be listened on.
package struct ServeError: Error, Sendable, CustomStringConvertible {
  package let host: String
  package let port: Int
  private let number: Int32

  init(host: String, port: Int, cause: any Error) {
    self.host = host
    self.port = port
    number = (cause as? IOError)?.errnoCode ?? 0
  }

  package var text: LocalizedText {
    let place = "\(host):\(port)"
    return switch number {
    case EADDRINUSE:
      LocalizedText(
        zh: "\(place) 已被占用\n提示:用 --port 指定其他端口,或停止占用它的程序",
        en: "\(place) is in use already\nhint: choose another --port, or stop the program that uses it")
    case EACCES:
      LocalizedText(
        zh: "没有权限使用 \(place)\n提示:1024 以下的端口需要 root 权限", en: "\(place) may not be used\nhint: ports below 1024 need root"
      )
    case EADDRNOTAVAIL:
      LocalizedText(zh: "本机没有地址 \(host)", en: "this machine has no address \(host)")
    default: LocalizedText(zh: "无法在 \(place) 提供服务", en: "cannot listen on \(place)")
    }
  }

  package var description: String { text[.en] }
}
