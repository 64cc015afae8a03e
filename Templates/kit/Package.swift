// swift-tools-version: 6.1
// ConnectorKit by itself, for connectors written outside the source tree. scripts/stage-authoring puts the sources beside it.
import PackageDescription

let package = Package(
    name: "ConnectorKit",
    products: [.library(name: "ConnectorKit", targets: ["ConnectorKit"]), .library(name: "PluginABI", targets: ["PluginABI"])],
    targets: [
        .target(name: "PluginABI", exclude: ["frozen"]),
        .target(
            name: "ConnectorKit", dependencies: ["PluginABI"],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("InternalImportsByDefault"),
            ]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c11
)
