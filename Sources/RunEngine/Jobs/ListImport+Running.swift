public import ConnectModel

extension ListImport {
    public var family: RunFamily { .import }

    public func needs(of definition: [String: JSONValue]) -> JobNeeds {
        JobNeeds(
            servers: [definition["file"]?["server"]?.stringValue ?? FileServer.embeddedName],
            privateKeys: Encryption.mayBeUsed(setting: definition["file"]?["encryption"]?.stringValue, fileName: definition["file"]?["name"]?.stringValue ?? ""))
    }

    public func executor(_ environment: RunEnvironment) throws -> any RunExecutor { ImportRun(environment) }

    public func preview(_ job: Job, rows: Int, _ environment: RunEnvironment, workDirectory: String) throws -> JobPreview {
        .import(try ImportPreviewer(environment, workDirectory: workDirectory).preview(job, rows: rows))
    }
}
