/// The load that crash tests repeat: each run gives every second row of the one before another city, and adds as many rows.
public enum CrashLoad {
    public static func make(run: Int64, rows: Int) -> TestLoad {
        let first = (Int(run) - 1) * rows / 2
        let people = (first..<first + rows).map { ["p\($0 * 7919 % 1_000_003)@x.com", "C\($0)", "City \(run)"] }
        return TestLoad(fields: ["EMAIL_ADDRESS_", "CUSTOMER_ID_", "CITY_"], rows: people, run: run)
    }
}
