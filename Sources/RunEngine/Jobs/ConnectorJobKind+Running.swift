public import ConnectModel

extension ConnectorJobKind {
    /// One that brings records in by a plan goes through the states of an import; any other only begins and ends.
    public var family: RunFamily { allows.group && hasPlan ? .import : .connector }

    /// The servers and the signing key that its settings name.
    public func needs(of definition: [String: JSONValue]) -> JobNeeds {
        let settings = settings(definition, account: definition[Self.accountSection]?.objectValue ?? [:])
        return JobNeeds(
            servers: references.filter { $0.kind == "server" }.compactMap { settings[$0.name]?.stringValue },
            privateKeys: references.contains { $0.kind == "pgp-signer" && settings[$0.name]?.stringValue != nil })
    }

    /// The work itself is in the environment: only the worker can reach a connector.
    public func executor(_ environment: RunEnvironment) throws -> any RunExecutor { try ProvidedRun(environment) }

    /// The host previews the job's plan instead (`Installation.planned`).
    public func preview(_ job: Job, rows: Int, _ environment: RunEnvironment, workDirectory: String) throws -> JobPreview {
        throw ConnectError(
            "kind.no-preview", .configuration,
            "Jobs of kind \"\(id)\" cannot be previewed: their connector does not say beforehand what the host shall do.")
    }
}
