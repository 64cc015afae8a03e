// swift-tools-version: 6.1
import PackageDescription

/// One loop of settings for every Swift target; see CONTRIBUTING.md for why each is on.
let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A connector exports its entry symbol and nothing else, so two connectors can hold the same code without meeting.
let connectorLinkage: [LinkerSetting] = [
    .unsafeFlags(["-Xlinker", "--version-script=Plugins/connector.map", "-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../runtime"])
]
/// An installed program finds the Swift runtime beside its connectors. Packed relocations spare every start the reading of 4 MB of them.
let programLinkage: [LinkerSetting] = [
    .unsafeFlags([
        "-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../lib/connecthost/runtime", "-use-ld=lld", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs",
    ])
]

let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let sqlite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "ConnectHost",
    products: [
        .executable(name: "connecthost", targets: ["connecthost"]),
        .library(name: "ConnectorKit", targets: ["ConnectorKit"]),
        .library(name: "LocalTransport", type: .dynamic, targets: ["LocalTransport"]),
        .library(name: "SFTPTransport", type: .dynamic, targets: ["SFTPTransportEntry"]),
        .library(name: "SCPTransport", type: .dynamic, targets: ["SCPTransportEntry"]),
        .library(name: "FTPTransport", type: .dynamic, targets: ["FTPTransportEntry"]),
        .library(name: "ORCEImport", type: .dynamic, targets: ["ORCEImportEntry"]),
        .library(name: "EventFeeds", type: .dynamic, targets: ["EventFeedsEntry"]),
        .library(name: "ADBCSource", type: .dynamic, targets: ["ADBCSource"]),
        .library(name: "PhoneNumbers", type: .dynamic, targets: ["CPhoneNumbers"]),
        .library(name: "DiskSpaceJob", type: .dynamic, targets: ["DiskSpaceJob"]),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
    ],
    targets: [
        // The ABI and what authors build with.
        .target(name: "PluginABI"),
        .target(name: "ConnectorKit", dependencies: ["PluginABI"]),

        // The floors of the host, lowest first.
        .target(name: "ConnectModel"),
        .systemLibrary(name: "CISAL", pkgConfig: "libisal", providers: [.apt(["libisal-dev"])]),
        // libarchive and libcurl are opened when they are first used, so they are not linked.
        .target(name: "COnDemand"),
        .target(name: "CArchive", dependencies: ["COnDemand"]),
        .target(name: "RecordEngine", dependencies: ["ConnectModel", "CISAL", "CArchive", crypto]),
        // Opened by runs that ask for it, and linked to nothing: what it needs would take memory and time of every command.
        .target(
            name: "CPhoneNumbers", cxxSettings: [.unsafeFlags(["-fvisibility=hidden"])], linkerSettings: [.linkedLibrary("phonenumber")]),
        .target(name: "GnuPG", dependencies: ["RecordEngine", "ConnectModel"]),
        .target(name: "StoreAPI", dependencies: ["ConnectModel", "RecordEngine"]),
        .target(name: "SQLiteStore", dependencies: ["StoreAPI", "RecordEngine", "ConnectModel", grdb, sqlite]),
        .target(name: "RunEngine", dependencies: ["StoreAPI", "GnuPG", "RecordEngine", "ConnectModel", crypto]),
        .target(name: "CHostShims"),
        .target(name: "ConnectorRuntime", dependencies: ["PluginABI", "CHostShims", "RunEngine", "RecordEngine", "ConnectModel"]),
        .target(name: "ConnectorConformance", dependencies: ["PluginABI", "CHostShims", "ConnectModel"]),
        .target(name: "CCurlShims", dependencies: ["COnDemand"]),
        .target(name: "Delivery", dependencies: ["CCurlShims", "ConnectModel"]),
        .target(
            name: "ConnectHost",
            dependencies: ["Delivery", "CHostShims", "RunEngine", "GnuPG", "StoreAPI", "ConnectModel", "RecordEngine", crypto, yams, logging]),
        .target(name: "ConnectWeb", dependencies: ["ConnectHost", "ConnectModel", hummingbird, logging]),
        .target(
            name: "ConnectCLI",
            dependencies: [
                "ConnectHost", "ConnectWeb", "CHostShims", "ConnectorRuntime", "ConnectorConformance", "SQLiteStore", "RunEngine", "GnuPG",
                "StoreAPI",
                "RecordEngine", "ConnectModel", argumentParser, crypto, logging,
            ]),
        .executableTarget(name: "connecthost", dependencies: ["ConnectCLI"], path: "Sources/ConnectHostMain", linkerSettings: programLinkage),

        // Bundled connectors.
        .target(name: "CSSHShims"),
        .systemLibrary(name: "CLibSSH2"),
        .target(name: "SSHTransportCore", dependencies: ["ConnectorKit", "CSSHShims", "CLibSSH2"]),
        .target(
            name: "LocalTransport", dependencies: ["ConnectorKit", "PluginABI"], path: "Plugins/LocalTransport",
            exclude: ["README.md"], linkerSettings: connectorLinkage),
        .target(
            name: "SFTPTransport", dependencies: ["ConnectorKit", "PluginABI", "SSHTransportCore"], path: "Plugins/SFTPTransport",
            exclude: ["README.md", "Entry"]),
        .target(
            name: "SFTPTransportEntry", dependencies: ["SFTPTransport", "PluginABI"], path: "Plugins/SFTPTransport/Entry",
            linkerSettings: connectorLinkage),
        .target(
            name: "SCPTransport", dependencies: ["ConnectorKit", "PluginABI", "SSHTransportCore"], path: "Plugins/SCPTransport",
            exclude: ["README.md", "Entry"]),
        .target(
            name: "SCPTransportEntry", dependencies: ["SCPTransport", "PluginABI"], path: "Plugins/SCPTransport/Entry",
            linkerSettings: connectorLinkage),

        .target(
            name: "FTPTransport", dependencies: ["ConnectorKit", "PluginABI", "CCurlShims"], path: "Plugins/FTPTransport",
            exclude: ["README.md", "Entry"]),
        .target(
            name: "FTPTransportEntry", dependencies: ["FTPTransport", "PluginABI"], path: "Plugins/FTPTransport/Entry",
            linkerSettings: connectorLinkage),
        .target(
            name: "ORCEImport", dependencies: ["ConnectorKit", "PluginABI"], path: "Plugins/ORCEImport", exclude: ["README.md", "Entry", "Samples"]),
        .target(
            name: "ORCEImportEntry", dependencies: ["ORCEImport", "PluginABI"], path: "Plugins/ORCEImport/Entry", linkerSettings: connectorLinkage),
        .target(name: "EventFeeds", dependencies: ["ConnectorKit", "PluginABI"], path: "Plugins/EventFeeds", exclude: ["README.md", "Entry"]),
        .target(
            name: "EventFeedsEntry", dependencies: ["EventFeeds", "PluginABI"], path: "Plugins/EventFeeds/Entry", linkerSettings: connectorLinkage),
        .target(
            name: "ADBCSource", dependencies: ["PluginABI"], path: "Plugins/ADBCSource", exclude: ["README.md"],
            cSettings: [.define("_GNU_SOURCE"), .unsafeFlags(["-fvisibility=hidden"])], linkerSettings: connectorLinkage),

        // An example that is built and tested with the rest; its own Package.swift is for those who copy it.
        .target(
            name: "DiskSpaceJob", dependencies: ["ConnectorKit", "PluginABI"], path: "Examples/swift-job/Sources/DiskSpaceJob",
            linkerSettings: connectorLinkage),

        .executableTarget(name: "RecordEngineBench", dependencies: ["RecordEngine", "ConnectModel"], path: "Benchmarks/RecordEngineBench"),

        // Tests: one target a module, then the whole program.
        .target(name: "ConnectTesting", path: "Tests/ConnectTesting"),
        .testTarget(name: "ConnectModelTests", dependencies: ["ConnectModel", "ConnectTesting"], exclude: ["Fixtures"]),
        .testTarget(name: "RecordEngineTests", dependencies: ["RecordEngine", "ConnectModel", crypto]),
        .testTarget(name: "GnuPGTests", dependencies: ["GnuPG", "RecordEngine", "ConnectModel"]),
        .testTarget(name: "DeliveryTests", dependencies: ["Delivery", "ConnectModel"]),
        .testTarget(name: "RunEngineTests", dependencies: ["RunEngine", "ConnectModel"]),
        .target(name: "StoreTesting", dependencies: ["StoreAPI", "RecordEngine", "ConnectModel"], path: "Tests/StoreContractTests/Support"),
        .executableTarget(
            name: "StoreCrashChild", dependencies: ["StoreTesting", "SQLiteStore", "StoreAPI", "ConnectModel"],
            path: "Tests/SQLiteStoreTests/CrashChild"),
        .testTarget(name: "StoreContractTests", dependencies: ["StoreTesting", "SQLiteStore", "StoreAPI", "ConnectModel"], exclude: ["Support"]),
        .testTarget(
            name: "SQLiteStoreTests",
            dependencies: ["StoreTesting", "StoreCrashChild", "SQLiteStore", "StoreAPI", "RecordEngine", "ConnectModel", sqlite],
            exclude: ["CrashChild"]),
        .target(name: "ServerSupport", dependencies: ["ConnectorKit"], path: "Tests/ServerSupport"),
        .testTarget(name: "SSHTransportCoreTests", dependencies: ["SSHTransportCore", "ConnectorKit", "ServerSupport"]),
        .testTarget(name: "SFTPTransportTests", dependencies: ["SFTPTransport", "SSHTransportCore", "ConnectorKit", "ServerSupport"]),
        .testTarget(name: "SCPTransportTests", dependencies: ["SCPTransport", "SSHTransportCore", "ConnectorKit", "ServerSupport"]),
        .testTarget(name: "FTPTransportTests", dependencies: ["FTPTransport", "ConnectorKit", "ServerSupport"]),
        .testTarget(name: "ChaosTests", dependencies: ["ConnectorRuntime", "RunEngine", "ConnectModel", "ConnectTesting", "ServerSupport"]),
        .testTarget(name: "PluginABITests", dependencies: ["ConnectTesting"]),
        .testTarget(name: "ConnectorKitTests", dependencies: ["ConnectorKit", "PluginABI", "ConnectTesting"]),
        .testTarget(
            name: "ConnectorTests", dependencies: ["ConnectHost", "ConnectorRuntime", "PluginABI", "RunEngine", "ConnectModel", "ConnectTesting"],
            exclude: ["Fixtures"]),
        .testTarget(name: "ConnectorConformanceTests", dependencies: ["ConnectTesting", "ServerSupport"], exclude: ["Fixtures"]),
        .testTarget(name: "LocalTransportTests", dependencies: ["ConnectorRuntime", "RunEngine", "ConnectModel", "ConnectTesting"]),
        .testTarget(
            name: "ADBCSourceTests", dependencies: ["ConnectorRuntime", "RunEngine", "ConnectModel", "ConnectTesting"], exclude: ["Fixtures"]),
        .testTarget(
            name: "ConnectHostTests", dependencies: ["ConnectHost", "SQLiteStore", "StoreAPI", "RunEngine", "ConnectModel", "ConnectTesting"]),
        .testTarget(name: "EndToEndTests", dependencies: ["ConnectTesting", "ServerSupport"], exclude: ["Fixtures"]),
        .testTarget(name: "CrashTests", dependencies: ["ConnectTesting", "ServerSupport"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c11,
    cxxLanguageStandard: .cxx17
)

let cTargets = ["PluginABI", "CPhoneNumbers", "CHostShims", "COnDemand", "CArchive", "CSSHShims", "CCurlShims", "ADBCSource"]
/// The hot path. Each of its objects belongs to one thread, and tests, which are built for debugging, still watch every access; a twelfth of an import's
/// processor time went into watching it in a release too.
let hotTargets = ["RecordEngine", "SQLiteStore"]
for target in package.targets where target.type != .system && !cTargets.contains(target.name) {
    target.swiftSettings = (target.swiftSettings ?? []) + swiftSettings
    if hotTargets.contains(target.name) {
        target.swiftSettings?.append(.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)))
    }
}
