import ConnectHost
import ConnectModel
import Foundation
import RunEngine
import SQLiteStore
import StoreAPI

/// The composition root: the one place that names a concrete store and knows where the program's own files lie.
enum Composition {
    static let version = "0.1.0"

    /// Host, ABI and the commit it was built from, where the build has left that beside the program.
    static var fullVersion: String {
        let commit = [executableDirectory + "/data/commit", executableDirectory + "/../share/connecthost/commit"]
            .lazy.compactMap { FileManager.default.contents(atPath: $0) }.first
            .map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) }
        return "connecthost \(version) (ABI 1.0, commit \(commit ?? "unknown"))"
    }

    static func host(_ home: HomeLayout, connectorDirectories: [String]) throws -> Installation {
        let executable = executablePath
        let catalog = catalog(home, connectorDirectories)
        return Installation(
            home: home,
            control: try control(home),
            audience: try audience(home),
            catalog: catalog,
            kinds: kinds(catalog),
            workers: WorkerLauncher(executable: executable),
            events: events(home),
            clock: now)
    }

    static func control(_ home: HomeLayout, cleaned: @escaping @Sendable (Run) -> Run = { $0 }) throws -> any ControlStore {
        try SQLiteControlStore(
            path: home.controlDatabase, actor: SystemUser.current, clock: now, cleaned: cleaned, mayUpgrade: { try Installation.requireUnused(home) },
            failpoint: { Failpoint.hit($0) })
    }

    /// The host's own job kinds and those of the connectors.
    static func kinds(_ catalog: ConnectorCatalog) -> JobKindRegistry {
        JobKindRegistry(connectors: { catalog.scan().flatMap(\.connectors) })
    }

    static func events(_ home: HomeLayout) -> @Sendable () throws -> any EventStore {
        { try SQLiteEventStore(path: home.eventDatabase) }
    }

    static func audience(_ home: HomeLayout) throws -> any AudienceStore {
        try SQLiteAudienceStore.open(home.audienceDatabase, failpoint: { Failpoint.hit($0) })
    }

    static func catalog(_ home: HomeLayout?, _ directories: [String]) -> ConnectorCatalog {
        ConnectorCatalog(
            directories: directories + bundledConnectors + (home.map { [$0.connectors] } ?? []),
            cacheFile: home?.connectorCache,
            probe: [executablePath, "connector-probe"])
    }

    @Sendable static func now() -> Int64 { ShiftedClock.now() }

    /// The program itself, through links.
    static var executablePath: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }

    private static var executableDirectory: String { URL(fileURLWithPath: executablePath).deletingLastPathComponent().path }

    /// Beside the program in a build tree, below `lib` in an installation.
    private static var bundledConnectors: [String] {
        [executableDirectory + "/connectors", executableDirectory + "/../lib/connecthost/connectors"]
            .map { URL(fileURLWithPath: $0).standardizedFileURL.path }
            .filter { FileManager.default.fileExists(atPath: $0) }
    }

    /// What connectors are written with: beside the program in a build tree, below `share` in an installation.
    static func authoring(connectorKit: String?) throws -> AuthoringFiles {
        let places = [executableDirectory + "/data", executableDirectory + "/../share/connecthost"].map {
            URL(fileURLWithPath: $0).standardizedFileURL.path
        }
        guard let place = places.first(where: { FileManager.default.fileExists(atPath: $0 + "/templates") }) else {
            throw ConnectError(
                "templates.missing", .configuration, "The templates of connectors are neither in \(places.joined(separator: " nor in ")).",
                remedy: "They come with the program: build it with `make build`, or install it again.")
        }
        let kit = place + "/connectorkit"
        let installed = URL(fileURLWithPath: executableDirectory + "/../include").standardizedFileURL.path
        let hasHeader = FileManager.default.fileExists(atPath: installed + "/connecthost_plugin.h")
        return AuthoringFiles(
            templates: place + "/templates", headers: hasHeader ? installed : kit + "/Sources/PluginABI/include", connectorKit: connectorKit ?? kit,
            program: isInPath ? "connecthost" : executablePath)
    }

    /// Whether the name alone starts this very program.
    private static var isInPath: Bool {
        let directories = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let first = directories.lazy.map { "\($0)/connecthost" }.first { FileManager.default.isExecutableFile(atPath: $0) }
        return first.map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().path } == executablePath
    }

    /// What the strict check of mobile numbers is made with: beside the program in a build tree, below `lib` in an installation.
    static var phoneNumberLibrary: String? {
        [executableDirectory + "/libPhoneNumbers.so", executableDirectory + "/../lib/connecthost/libPhoneNumbers.so"]
            .first { FileManager.default.fileExists(atPath: $0) }
    }

    /// The list of top-level domains: the user's own, else the one that came with the program.
    static func topLevelDomains(_ home: HomeLayout) -> String? {
        [home.topLevelDomains, executableDirectory + "/data/tlds.txt", executableDirectory + "/../share/connecthost/tlds.txt"]
            .first { FileManager.default.fileExists(atPath: $0) }
    }
}
