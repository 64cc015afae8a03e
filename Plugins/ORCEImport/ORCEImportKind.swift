import ConnectorKit

/// One of the three kinds; they differ in the data they are for, and in what the account says about its files (ORC-1, ORC-2).
///
/// The work is the host's: settings become a plan for its import into profile extension tables, and `run` has that carried out.
protocol ORCEImportKind: JobConnector where Settings == ImportSettings {
    static var data: ORCEData { get }
}

extension ORCEImportKind {
    static var description: ConnectorDescription {
        ConnectorDescription(
            id: "org.connecthost.orce.\(data.rawValue)", name: data.title, version: "1.0.0", vendor: "ConnectHost", license: "Apache-2.0",
            documentationURL: "", summary: data.summary, aliases: ["orce-\(data.rawValue)"],
            examples: [
                SettingsExample(
                    "Into the table ORCE of the list CONTACTS",
                    ["server": .string("files"), "list": .string("CONTACTS"), "pet": .string("ORCE")])
            ])
    }

    static var features: JobFeatures { [.dryRun, .idempotent, .import] }

    static var settings: SettingsSchema { ImportSettings.schema(for: data) }

    static func makeSettings(_ values: SettingValues) throws(ConnectorError) -> ImportSettings { ImportSettings(values) }

    static func problems(_ values: SettingValues) -> [SettingProblem] { ImportSettings(values).problems }

    static func plan(_ settings: ImportSettings) throws(ConnectorError) -> JobPlan? { settings.plan }

    static func run(
        _ settings: ImportSettings, _ run: any JobRun, _ call: any CallContext
    ) throws(ConnectorError) -> KeyValuePairs<String, FieldValue> {
        try call.checkCancellation()
        // What a run would do is told by the host's preview of the plan.
        guard !run.isDryRun else { return ["table": .text(settings.pet ?? ""), "dry_run": .boolean(true)] }
        _ = try run.perform(settings.plan)
        return ["table": .text(settings.pet ?? "")]
    }
}
