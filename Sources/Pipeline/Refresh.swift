internal import Manifest
package import PrivateStore
package import Publication
internal import PublicStore
internal import Tabular

/// A signature that has not run out, or has.
package struct RoleExpiry: Sendable {
  package let role: String
  package let version: Int
  package let expires: Instant
}

extension Publisher {
  /// Renews the signatures of which half of the life is over; nothing else changes.
  ///
  /// - Returns: the roles that were signed anew.
  package func refresh() async throws -> [RoleExpiry] {
    try await exclusively {
      let published = try publishedSite()
      guard published.repository != nil else { return [] }
      return try await publishCatalog([], in: published, listed: published.listedRecords(), note: .array([])).map {
        RoleExpiry(role: $0.name, version: $0.version, expires: $0.expires)
      }
    }
  }
}
