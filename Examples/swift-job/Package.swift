// swift-tools-version: 6.1
import PackageDescription

/// ConnectorKit of an installation or of a build of the source tree; `connectors new` fills it in for projects.
let connectorKit = Context.environment["CONNECTORKIT"] ?? "../../.build/release/data/connectorkit"

let package = Package(
    name: "disk-space",
    products: [.library(name: "DiskSpaceJob", type: .dynamic, targets: ["DiskSpaceJob"])],
    dependencies: [.package(name: "ConnectorKit", path: connectorKit)],
    targets: [
        .target(
            name: "DiskSpaceJob",
            dependencies: [.product(name: "ConnectorKit", package: "ConnectorKit"), .product(name: "PluginABI", package: "ConnectorKit")],
            linkerSettings: [.unsafeFlags(["-Xlinker", "--version-script=\(Context.packageDirectory)/connector.map"])])
    ],
    swiftLanguageModes: [.v6]
)
