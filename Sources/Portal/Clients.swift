internal import Glibc
internal import NIOCore
internal import Publication
internal import Synchronization

/// Who is connected, and how many answers are on their way to each address; in memory only.
final class Clients: Sendable {
  private let limits: Serve.Limits
  private let state = Mutex(State())

  private struct State {
    var connections: [ObjectIdentifier: any Channel] = [:]
    var connectionsByAddress: [String: Int] = [:]
    var requestsByAddress: [String: Int] = [:]
    var unpackings = 0
    var isEnding = false
    var ended: CheckedContinuation<Void, Never>?
  }

  init(_ limits: Serve.Limits) { self.limits = limits }

  /// A connection's place; `leave` gives it back.
  struct Place: Sendable {
    fileprivate let id: ObjectIdentifier
    fileprivate let address: String
  }

  /// - Returns: nil where there are too many, of everybody or of one address, or where the server is about to end.
  func enter(_ channel: any Channel) -> Place? {
    let address = channel.remoteAddress.map(Self.network) ?? ""
    return state.withLock { state in
      let count = state.connectionsByAddress[address] ?? 0
      guard !state.isEnding, state.connections.count < limits.connections,
        limits.connectionsByAddress == 0 || count < limits.connectionsByAddress
      else { return nil }
      let id = ObjectIdentifier(channel)
      state.connections[id] = channel
      state.connectionsByAddress[address] = count + 1
      return Place(id: id, address: address)
    }
  }

  func leave(_ place: Place) {
    let ended = state.withLock { state in
      guard state.connections.removeValue(forKey: place.id) != nil else {
        return nil as CheckedContinuation<Void, Never>?
      }
      Self.count(&state.connectionsByAddress, place.address, -1)
      guard state.isEnding, state.connections.isEmpty else { return nil }
      defer { state.ended = nil }
      return state.ended
    }
    ended?.resume()
  }

  /// Whether one more request of the same address may be answered now; `end` gives it back.
  func beginRequest(_ place: Place) -> Bool {
    state.withLock { state in
      guard limits.requestsByAddress == 0 || state.requestsByAddress[place.address] ?? 0 < limits.requestsByAddress
      else {
        return false
      }
      Self.count(&state.requestsByAddress, place.address, 1)
      return true
    }
  }

  func endRequest(_ place: Place) { state.withLock { Self.count(&$0.requestsByAddress, place.address, -1) } }

  /// Answers that are unpacked on the way, at a time: each takes the memory that unpacking needs, as long as its client takes.
  private static let unpackingLimit = 128

  /// Whether one more answer may be unpacked on its way now; `endUnpacking` gives it back.
  func beginUnpacking() -> Bool {
    state.withLock { state in
      guard state.unpackings < Self.unpackingLimit else { return false }
      state.unpackings += 1
      return true
    }
  }

  func endUnpacking() { state.withLock { $0.unpackings -= 1 } }

  /// Whether connections are to be closed with their next answer.
  var isEnding: Bool { state.withLock { $0.isEnding } }

  /// Tells every connection to end, and returns when the last one has; what is left after so many seconds is cut off.
  func end(within seconds: Int) async {
    let channels = state.withLock { state in
      state.isEnding = true
      return Array(state.connections.values)
    }
    for channel in channels { channel.pipeline.fireUserInboundEventTriggered(EndWhenIdle()) }
    let timer = Task {
      try await Task.sleep(for: .seconds(seconds))
      for channel in state.withLock({ Array($0.connections.values) }) { channel.close(promise: nil) }
    }
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      let isEmpty = state.withLock { state in
        if !state.connections.isEmpty { state.ended = continuation }
        return state.connections.isEmpty
      }
      if isEmpty { continuation.resume() }
    }
    timer.cancel()
  }

  private static func count(_ counts: inout [String: Int], _ address: String, _ change: Int) {
    let count = (counts[address] ?? 0) + change
    counts[address] = count > 0 ? count : nil
  }

  /// The address; of IPv6 the network of 64 bits that one client has for itself.
  private static func network(_ address: NIOCore.SocketAddress) -> String {
    guard case .v6 = address, let text = address.ipAddress else { return address.ipAddress ?? "" }
    var bytes = in6_addr()
    guard inet_pton(AF_INET6, text, &bytes) == 1 else { return text }
    return withUnsafeBytes(of: bytes) { encodeHex(Array($0.prefix(8))) }
  }
}

/// The server ends: a connection on which nothing is on its way is closed, another one after its answer.
struct EndWhenIdle: Sendable {}
