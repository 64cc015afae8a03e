import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation
import RunEngine

/// Which installation a command works on.
struct HostOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("The home of the installation (default: $CONNECTHOST_HOME, else ~/.local/share/connecthost).", valueName: "dir"))
    var home: String?

    @Option(name: .long, help: ArgumentHelp("A further directory of connectors, searched first; may be given several times.", valueName: "dir"))
    var connectors: [String] = []

    var layout: HomeLayout {
        let environment = ProcessInfo.processInfo.environment
        let chosen = home ?? environment["CONNECTHOST_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? Self.standardHome(environment)
        return HomeLayout(URL(fileURLWithPath: chosen).standardizedFileURL.path)
    }

    func validate() throws {
        guard home?.isEmpty != true else { throw ValidationError("--home is empty; name a directory.") }
    }

    private static func standardHome(_ environment: [String: String]) -> String {
        let data = environment["XDG_DATA_HOME"] ?? (environment["HOME"] ?? "/root") + "/.local/share"
        return data + "/connecthost"
    }

    /// The host of an initialised home.
    func open() throws -> Installation {
        let layout = layout
        guard layout.isInitialised else {
            throw ConnectError(
                "home.missing", .configuration, "There is no installation in \(layout.root).", remedy: "Make one with `connecthost init`.")
        }
        return try Composition.host(layout, connectorDirectories: connectors)
    }
}

struct OutputOptions: ParsableArguments {
    @Flag(name: .long, help: "Print JSON with stable keys instead of text.")
    var json = false
}
