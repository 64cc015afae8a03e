public import ConnectModel

/// A kind of job: what its definition holds and what may be done with it. The host's own kinds and those of connectors alike.
public protocol JobKind: Sendable {
    /// "import-list", or a connector's id.
    var id: String { get }
    /// Short names that a job file may use for it.
    var aliases: [String] { get }
    var title: String { get }
    var summary: String { get }
    var fields: [JobField] { get }
    var allows: JobAllowances { get }
    /// The connector that brings this kind; nil for the host's own.
    var connector: ConnectorInfo? { get }
    /// What the schema cannot say; called only when the schema found no error.
    func problems(in definition: [String: JSONValue]) -> [Problem]

    /// The states that runs of this kind go through.
    var family: RunFamily { get }
    /// What a worker must be given to run or preview a job with this definition.
    func needs(of definition: [String: JSONValue]) -> JobNeeds
    /// What runs a job of this kind, in the worker.
    func executor(_ environment: RunEnvironment) throws -> any RunExecutor
    /// What a run would do, with nothing written (IMP-18). In the worker; `workDirectory` is for scratch files, its maker removes it.
    func preview(_ job: Job, rows: Int, _ environment: RunEnvironment, workDirectory: String) throws -> JobPreview
}

extension JobKind {
    public var aliases: [String] { [] }
    public var connector: ConnectorInfo? { nil }
}

/// Every kind of job there is: the host's own, and those of the connectors that are loaded now, asked for each time because a connector may be
/// dropped in while the host runs (CON-4).
public struct JobKindRegistry: Sendable {
    /// The host's own kinds.
    public static let core: [any JobKind] = [ListImport(), TableImport(), ExtensionImport(), AppChannelImport(), DataExport()]

    private let own: [any JobKind]
    private let connectors: @Sendable () -> [ConnectorInfo]

    public init(_ own: [any JobKind] = JobKindRegistry.core, connectors: @escaping @Sendable () -> [ConnectorInfo] = { [] }) {
        self.own = own
        self.connectors = connectors
    }

    public var kinds: [any JobKind] {
        own + connectors().filter { info in info.kind == .job && !own.contains { $0.id == info.id } }.map(ConnectorJobKind.init)
    }

    /// By id, else by short name. Throws `kind.unknown` with what there is.
    public func kind(_ name: String) throws -> any JobKind {
        if let kind = own.first(where: { $0.id == name }) { return kind }
        let kinds = kinds
        if let kind = kinds.first(where: { $0.id == name }) ?? kinds.first(where: { $0.aliases.contains(name) }) { return kind }
        let known = kinds.map { $0.aliases.first ?? $0.id }
        let close = Similarity.closest(to: name, among: known)
        throw ConnectError(
            "kind.unknown", .configuration, "There is no job kind \"\(name)\".",
            remedy: (close.map { "Did you mean \"\($0)\"? " } ?? "") + "The kinds are: \(known.joined(separator: ", ")).")
    }
}
