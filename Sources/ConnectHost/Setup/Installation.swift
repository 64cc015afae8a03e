import ConnectModel
import Foundation
public import RunEngine
public import StoreAPI

/// Everything a person or a program can do with an installation. The CLI calls it; a web page will call the same functions.
///
/// Holds no foreign code and touches no row: whatever needs a connector or a file's bytes happens in a worker process.
public final class Installation: Sendable {
    public let home: HomeLayout
    public let control: any ControlStore
    public let audience: any AudienceStore
    public let catalog: ConnectorCatalog
    public let kinds: JobKindRegistry
    /// Opens the event store, which is made when it is first opened.
    public let events: @Sendable () throws -> any EventStore
    let vault: SecretVault
    let workers: WorkerLauncher
    let clock: @Sendable () -> Int64

    public init(
        home: HomeLayout, control: any ControlStore, audience: any AudienceStore, catalog: ConnectorCatalog, kinds: JobKindRegistry,
        workers: WorkerLauncher, events: @escaping @Sendable () throws -> any EventStore = RunEnvironment.noEvents,
        clock: @escaping @Sendable () -> Int64
    ) {
        self.home = home
        self.control = control
        self.audience = audience
        self.catalog = catalog
        self.kinds = kinds
        self.workers = workers.withholding { Self.secretVariables(of: control, kinds) }
        self.clock = clock
        self.events = events
        let environment = ProcessInfo.processInfo.environment
        vault = SecretVault(source: .find(home: home.secretKey, environment), environment: environment, store: control)
    }

    /// Variables of the environment that hold secrets of servers, hooks, connectors' job kinds and settings.
    private static func secretVariables(of control: any ControlStore, _ kinds: JobKindRegistry) -> Set<String> {
        // A store that cannot be read fails whoever started this, with its reason.
        let servers = ((try? control.servers()) ?? []).flatMap(\.secrets.values)
        let hooks = ((try? control.hooks()) ?? []).flatMap(\.secrets.values)
        let settings = ["mail", "campaigns"].compactMap { (try? control.setting($0)) ?? nil }.flatMap { [$0["password"], $0["secret"]] }
            .compactMap { $0?.stringValue.flatMap(SecretReference.init) }
        let connectors = kinds.kinds.compactMap { $0 as? ConnectorJobKind }.flatMap { kind in
            ((try? control.profile(ofConnector: kind.id)).map(kind.secretReferences) ?? [:]).values
        }
        return Set((servers + hooks + settings + connectors).compactMap { if case .environment(let name) = $0 { name } else { nil } })
    }
}
