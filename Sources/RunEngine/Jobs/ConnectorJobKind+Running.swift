public import ConnectModel

extension ConnectorJobKind {
    public var family: RunFamily { .connector }

    public func needs(of definition: [String: JSONValue]) -> JobNeeds { JobNeeds() }

    public func executor(_ environment: RunEnvironment) throws -> any RunExecutor { throw cannotRun }

    public func preview(_ job: Job, rows: Int, _ environment: RunEnvironment, workDirectory: String) throws -> JobPreview { throw cannotRun }

    private var cannotRun: ConnectError {
        ConnectError("kind.norun", .configuration, "Jobs of kind \"\(id)\" cannot be run by this version of connecthost.")
    }
}
