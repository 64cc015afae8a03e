/// What every kind of connector declares. `Settings` is the author's own type, made from checked values.
public protocol Connector {
    associatedtype Settings
    static var description: ConnectorDescription { get }
    /// Every setting once: schema, default, help and secrecy all come from here.
    static var settings: SettingsSchema { get }
    /// Throws `.configuration` naming the setting. No I/O.
    static func makeSettings(_ values: SettingValues) throws(ConnectorError) -> Settings
    /// What the schema cannot say, everything at once, each with the JSON pointer of its setting ("/port"). Settings may be missing or
    /// out of their limits, which is told already. No I/O.
    static func problems(_ values: SettingValues) -> [SettingProblem]
    /// The steps of a connection test (FS-6), reported by `call.step`; read-only at the far end. Throws where a step fails.
    static func check(_ settings: Settings, _ call: any CallContext) throws(ConnectorError)
}

extension Connector {
    public static func problems(_ values: SettingValues) -> [SettingProblem] { [] }

    /// Settings of a JSON object, checked against the schema. Throws `.configuration` with every problem.
    static func values(fromJSON json: String) throws(ConnectorError) -> SettingValues {
        let (values, problems) = settings.values(fromJSON: json)
        guard problems.isEmpty else { throw ConnectorError(.configuration, problems.map(\.message).joined(separator: " ")) }
        return values
    }

    static func settings(fromJSON json: String) throws(ConnectorError) -> Settings { try makeSettings(try values(fromJSON: json)) }

    static func problems(inJSON json: String) -> [SettingProblem] {
        let (values, problems) = settings.values(fromJSON: json)
        let found = problems + Self.problems(values).filter { own in !problems.contains { $0.path == own.path } }
        guard found.isEmpty else { return found }
        do {
            _ = try makeSettings(values)
            return []
        } catch {
            return [SettingProblem(path: "", message: error.message)]
        }
    }
}
