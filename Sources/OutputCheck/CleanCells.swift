internal import Tabular

/// Texts of one column that were looked at lately and have nothing in them: most columns say the same few things again and again.
///
/// They are known by hashes of 128 bits under a key that nobody knows, so that no text passes for another. What a column is worth
/// is tried out: one that repeats itself gets more room, one that seldom does is not asked for a while.
struct CleanCells: Sendable {
  private let hash: KeyedHash
  private var known = RecentHashes(room: smallestRoom)
  private var hashes: [KeyedHash.Value] = []
  private var lookups = 0
  private var hits = 0
  private var pause = 0
  /// One cell in so many must be known, or it does not pay to ask.
  private let worth: Int
  private static let smallestRoom = 1 << 10
  private static let largestRoom = 1 << 17
  private static let trial = 4_096

  /// - Parameter isNumber: its cells are quickly looked at.
  init(hash: KeyedHash, isNumber: Bool) {
    self.hash = hash
    worth = isNumber ? 4 : 32
  }

  /// Takes the next cells of the column, and gives the positions of those that are not known to be clean.
  ///
  /// - Parameter budget: hashes for which there is still room in all columns together.
  mutating func findUnknown(
    _ cells: [Range<Int>], in text: Span<UInt8>, appendingTo unknown: inout [Int], budget: inout Int
  ) {
    hashes.removeAll(keepingCapacity: true)
    if pause > 0 {
      pause -= cells.count
      return unknown.append(contentsOf: cells.indices)
    }
    adjust(&budget)
    for cell in cells { hashes.append(hash(text.extracting(cell))) }
    let before = unknown.count
    known.findUnseen(hashes, appendingTo: &unknown)
    lookups += cells.count
    hits += cells.count - (unknown.count - before)
  }

  /// Remembers one of the cells that were taken last.
  mutating func insert(_ position: Int) {
    if position < hashes.count { known.insert(hashes[position]) }
  }

  /// After some thousand cells gives more room, or pauses where it does not pay to ask.
  private mutating func adjust(_ budget: inout Int) {
    guard lookups >= Self.trial, known.room < Self.largestRoom || lookups >= Self.largestRoom / 2 else { return }
    let (isWellKnown, isStrange) = (hits * 20 >= lookups * 19, hits * worth < lookups)
    let room = min(known.room * 8, Self.largestRoom)
    if !isWellKnown && known.room < Self.largestRoom && room - known.room <= budget {
      budget -= room - known.room
      known = known.grown(to: room)
    } else if isStrange {
      // Its room is of more use to another column.
      pause = 16 * Self.largestRoom
      budget += known.room - Self.smallestRoom
      known = RecentHashes(room: Self.smallestRoom)
    }
    (lookups, hits) = (0, 0)
  }
}
