internal import ArgumentParser
internal import Glibc
internal import Logging
internal import Portal
internal import Publication
internal import Tabular

/// The command `daylight serve`.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serves the public folder over HTTP: ranges, digests, caching, data.csv unpacked on the way.",
    discussion: """
      Reads only: it needs no key, and no access to the workspace. A reverse proxy in front of it gives https. One JSON object a
      request goes to standard output, with nothing in it that says who asked. SIGTERM or Ctrl-C end it when the answers on their
      way have ended.

      Examples:
        daylight serve                                       http://localhost:8000/
        daylight serve --host 0.0.0.0 --host :: --port 80    every address of this machine, IPv4 and IPv6
        daylight serve --public /srv/open-data --quiet
      """)

  @Option(
    name: .customLong("public"),
    help: ArgumentHelp("The public folder of a site, or a mirror of one.", valueName: "dir"))
  var publicFolder = "public"

  @Option(
    help: ArgumentHelp(
      "An address to listen on; may be given several times. localhost, in IPv4 and IPv6, when left out.",
      valueName: "address"))
  var host: [String] = []

  @Option(help: "0 for any that is free.")
  var port = 8_000

  @Option(help: "Connections at a time.")
  var connections = 1_024

  @Option(
    help: "Connections at a time of one address; 0 for no limit. 128 when left out, none where requests have none.")
  var connectionsByAddress: Int?

  @Option(help: "Requests at a time of one address; 0 for no limit, where a reverse proxy is the only client.")
  var requestsByAddress = 32

  @Option(help: ArgumentHelp("A request head must have come whole within so long.", valueName: "seconds"))
  var headTimeout = 15

  @Option(help: ArgumentHelp("A client must take the next 256 kB of its answer within so long.", valueName: "seconds"))
  var writeTimeout = 60

  @Flag(name: .shortAndLong, help: "No access log.")
  var quiet = false

  @Option(help: ArgumentHelp("Language of messages: zh or en.", valueName: "language"))
  var lang: Language?

  func validate() throws {
    guard (0...65_535).contains(port) else { throw ValidationError("--port must lie from 0 to 65535") }
    guard connections > 0, requestsByAddress >= 0, connectionsByAddress ?? 0 >= 0, headTimeout > 0, writeTimeout > 0
    else {
      throw ValidationError("limits must be positive")
    }
  }

  func run() async throws {
    let folder = try SiteOptions.absolute(publicFolder)
    guard fileKind(folder) == .folder else {
      throw ValidationError("there is no folder \(publicFolder); `daylight publish` makes it")
    }
    var limits = Serve.Limits()
    limits.connections = connections
    limits.requestsByAddress = requestsByAddress
    limits.connectionsByAddress = connectionsByAddress ?? (requestsByAddress == 0 ? 0 : limits.connectionsByAddress)
    limits.headTimeout = headTimeout
    limits.writeTimeout = writeTimeout
    let log = quiet ? nil : AccessLog()
    let hosts = host.isEmpty ? ["127.0.0.1"] + (hasIPv6() ? ["::1"] : []) : host
    let serve = try Serve(
      root: folder, hosts: hosts, port: port, limits: limits, logger: startLogging(.error),
      log: { access in log?.add(line(access)) })
    let isChinese = (lang ?? terminalLanguage()) == .zh
    try await serve { host, port in
      let name = host.contains(":") ? "[\(host)]" : host
      writeError((isChinese ? "正在提供服务:" : "serving ") + "http://\(name):\(port)/\n")
    }
    log?.end()
  }

  /// Some machines have IPv6 switched off.
  private func hasIPv6() -> Bool {
    let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_addr = in6addr_loopback
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size)) == 0
      }
    }
  }
}

private func line(_ access: Serve.Access) -> String {
  let record = JSON.members([
    ("at", .string(Instant(secondsSince1970: time(nil)).description)), ("method", .string(access.method)),
    ("path", .string(access.path)), ("status", .int(access.status)), ("bytes", .int(access.byteCount)),
    ("complete", .bool(access.isComplete)), ("milliseconds", .int(Int(access.seconds * 1_000))),
  ])
  return String(decoding: record.compactBytes, as: UTF8.self) + "\n"
}
