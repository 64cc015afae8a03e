// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "{{name}}",
    products: [.library(name: "{{type}}", type: .dynamic, targets: ["{{type}}"])],
    // ConnectorKit of the ConnectHost that made this project.
    dependencies: [.package(name: "ConnectorKit", path: "{{connectorkit}}")],
    targets: [
        .target(
            name: "{{type}}",
            dependencies: [.product(name: "ConnectorKit", package: "ConnectorKit"), .product(name: "PluginABI", package: "ConnectorKit")],
            // Only the entry is exported, so that nothing in here meets the code of another connector.
            linkerSettings: [.unsafeFlags(["-Xlinker", "--version-script=\(Context.packageDirectory)/connector.map"])])
    ],
    swiftLanguageModes: [.v6]
)
