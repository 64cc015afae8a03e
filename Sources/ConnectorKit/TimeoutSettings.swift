/// How long a transport waits for its server: two settings that are alike for all of them (FS-8).
public enum TimeoutSettings {
    /// Seconds, 30 where none are set.
    public static func connectSeconds(_ values: SettingValues) -> Int { Int(values.integer(connect.name) ?? 30) }
    /// Seconds, 60 where none are set.
    public static func stallSeconds(_ values: SettingValues) -> Int { Int(values.integer(stall.name) ?? 60) }

    public static let connect = SettingField(
        "connect_timeout_seconds", title: "Connect time-out", help: "Seconds until the log-in must be done. The default is 30.",
        kind: .integer(minimum: 1, maximum: 600), default: .integer(30), advanced: true)
    public static let stall = SettingField(
        "stall_timeout_seconds", title: "Stall time-out",
        help: "Seconds without a single byte after which a transfer is given up. The default is 60.",
        kind: .integer(minimum: 1, maximum: 3600), default: .integer(60), advanced: true)
}
