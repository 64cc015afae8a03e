/// What one run may take of the machine (CON-6). A run beyond a limit ends; nothing else is touched.
public struct WorkerLimits: Sendable, Codable, Equatable {
    /// Memory of the worker process, in bytes: what it and its connectors allocate, stacks included.
    public var memoryBytes: Int64
    public var openFiles: Int64
    /// From the start of the worker. The run is cancelled then, and its process ended 10 s later when nothing comes of that.
    public var seconds: Int64

    /// Some five times what an import of any size needs, and time for a very slow server.
    public static let standard = WorkerLimits(memoryBytes: 1 << 30, openFiles: 512, seconds: 24 * 3600)

    public init(memoryBytes: Int64, openFiles: Int64, seconds: Int64) {
        self.memoryBytes = memoryBytes
        self.openFiles = openFiles
        self.seconds = seconds
    }

    /// From a job's section `worker`; what it does not say is as in `standard`.
    public init(definition: [String: JSONValue]) {
        let given = definition["worker"]
        memoryBytes = (given?["memory_mb"]?.integerValue).map { $0 << 20 } ?? Self.standard.memoryBytes
        openFiles = given?["open_files"]?.integerValue ?? Self.standard.openFiles
        seconds = given?["seconds"]?.integerValue ?? Self.standard.seconds
    }
}
