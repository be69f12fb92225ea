// swift-tools-version: 6.2
import PackageDescription

// The map of ../shared/design/ARCHITECTURE.md, said once: who may import whom. `make lint` refuses an import that is not declared here.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

func target(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func test(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")

let package = Package(
  name: "daylight",
  products: [.executable(name: "daylight", targets: ["daylight"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
  ],
  targets: [
    // C libraries of the system.
    .systemLibrary(name: "CCurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CMalloc"),
    .systemLibrary(name: "CDeflate", providers: [.apt(["libdeflate-dev"])]),
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CCrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CPCRE2", providers: [.apt(["libpcre2-dev"])]),
    // Not a library: what the processor does to many bytes at once, inlined from its header.
    .systemLibrary(name: "CVectors"),

    // Vocabulary and tools.
    target("Publication"),
    target("Hashing", ["CCrypto", "Publication"]),
    target("Tabular", ["CDeflate", "CMalloc", "CVectors", "CZlib", "Hashing", "Publication"]),
    target("Transport", ["CCurl", "Hashing", "Publication", "Tabular"]),
    target("TableSchema", ["CPCRE2", "Publication", "Tabular"]),
    target("Recognition", ["Publication", "Tabular"]),
    target(
      "SiteConfiguration", ["Publication", "Hashing", "Tabular", "TableSchema", "Recognition", "Transport", yams]),
    target("PrivateStore", ["Publication", "Hashing", "Tabular", grdb]),
    target("PublicStore", ["Publication", "Hashing", "Tabular"]),

    // The private half.
    target("Ingest", ["Publication", "PrivateStore", "Tabular", "Transport"]),
    target("Validation", ["Publication", "Tabular", "TableSchema", "Recognition", "Ingest"]),
    target("Redaction", ["Publication", "Hashing", "Tabular", "TableSchema", "Recognition", "Validation"]),

    // The public half: nothing here may import PrivateStore.
    target("Versioning", ["Publication", "Hashing", "Tabular", "TableSchema", "Redaction"]),
    target("Export", ["Publication", "Hashing", "Tabular", "TableSchema", "Redaction", "Versioning"]),
    target("OutputCheck", ["Publication", "Hashing", "Tabular", "TableSchema", "Recognition", "Redaction", "Export"]),
    target("Approval", ["Publication", "Hashing", "Tabular", "Export", "OutputCheck"]),
    target("Catalog", ["Publication", "Hashing", "Tabular", "TableSchema", "Export", "Approval", mustache]),
    target("Manifest", ["Publication", "Hashing", "Tabular", "Catalog"]),

    // Composition.
    target(
      "Pipeline",
      [
        "Publication", "Hashing", "Tabular", "TableSchema", "Transport", "PrivateStore", "PublicStore", "Ingest",
        "Validation", "Redaction", "Versioning", "Export", "OutputCheck", "Approval", "Catalog", "Manifest", logging,
      ]),
    target(
      "Portal",
      [
        "Publication", "Hashing", "Tabular", "Manifest", "Export", nio, nioHTTP1, nioPosix, logging,
      ]),
    target("Sync", ["Publication", "Hashing", "Tabular", "Manifest", "Transport"]),
    .executableTarget(
      name: "daylight",
      dependencies: [
        "Publication", "SiteConfiguration", "Pipeline", "Portal", "PrivateStore", "Manifest", "Sync", "Tabular",
        "TableSchema", "Validation", "Versioning", "Recognition", "Transport",
        argumentParser, logging, mustache,
      ],
      swiftSettings: strict),

    // Tests mirror the sources; CommandTests go through the door that users use, ConformanceTests hold others' cases against it.
    .target(
      name: "TestSupport", dependencies: ["Publication", "Tabular"], path: "Tests/TestSupport", swiftSettings: strict),
    .executableTarget(
      name: "core-bench", dependencies: ["Publication", "Recognition", "Tabular"], path: "Tests/CoreBench",
      swiftSettings: strict),
    .executableTarget(
      name: "fuzz", dependencies: ["Publication", "SiteConfiguration", "Tabular", "TableSchema", "TestSupport"],
      path: "Tests/Fuzz", swiftSettings: strict),
    test("PublicationTests", ["Publication", "TestSupport"]),
    test("TabularTests", ["Publication", "Tabular", "TestSupport"]),
    test("TableSchemaTests", ["Publication", "Tabular", "TableSchema", "TestSupport"]),
    test("RecognitionTests", ["Recognition", "Tabular", "TestSupport"]),
    test("RedactionTests", ["Hashing", "Publication", "Tabular", "TableSchema", "Redaction", "TestSupport"]),
    test(
      "OutputCheckTests",
      [
        "Publication", "Hashing", "Tabular", "TableSchema", "Ingest", "Validation", "Redaction", "Versioning", "Export",
        "OutputCheck", "TestSupport",
      ]),
    test("ManifestTests", ["Hashing", "Publication", "Tabular", "Manifest", "TestSupport"]),
    test("CommandTests", ["TestSupport"]),
    test("ConformanceTests", ["Publication", "Tabular", "TableSchema", "Validation", "TestSupport"]),
  ]
)
