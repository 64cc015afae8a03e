/// How timestamps are written in a file, by the names of the field (domain facts §5.1).
///
/// RR and RRRR take two-digit years 00–49 as 2000–2049 and 50–99 as 1950–1999; RRRR takes four digits as well.
public enum NamedDateFormat: String, Sendable, Codable, CaseIterable {
    case standardLongNoMillis = "Standard_Long_NoMillis"
    case standardLongNoSeconds = "Standard_Long_NoSeconds"
    case standardLongAMNoSeconds = "Standard_Long_AM_NoSeconds"
    case standardLongAMNoMillis = "Standard_Long_AM_NoMillis"
    case standardLongNoDelimiters = "Standard_Long_NoDelimiters"
    case excelFullCSV = "Excel_Full_Csv"
    case standardLongSlash = "Standard_Long_Slash"
    case standardLongSlashNoMillis = "Standard_Long_Slash_NoMillis"
    case usLongSlashAMNoSeconds = "US_Long_Slash_AM_NoSeconds"
    case usLongSlashNoMillis = "US_Long_Slash_NoMillis"
    case usLongSlashNoSeconds = "US_Long_Slash_NoSeconds"
    case usLongAMNoMillis = "US_Long_AM_NoMillis"
    case usLongAMNoSeconds = "US_Long_AM_NoSeconds"
    case usLongNoSeconds = "US_Long_NoSeconds"
    case oracleAMDateTime = "Oracle_Format_AM_DateTime"
    case oracleRRRRDateTime = "Oracle_RRRR_DateTime"
    case oracleRRRRAMNoSeconds = "Oracle_RRRR_AM_NoSeconds"
    case oracleRRDateTime = "Oracle_RR_DateTime"
    case oracleRRAMNoSeconds = "Oracle_RR_AM_NoSeconds"
    case euLongSlashNoMillis = "EU_Long_Slash_NoMillis"

    /// In Oracle's notation; HH is the hour of a twelve-hour clock, MI the minute.
    public var pattern: String {
        switch self {
        case .standardLongNoMillis: "YYYY-MM-DD HH24:MI:SS"
        case .standardLongNoSeconds: "YYYY-MM-DD HH24:MI"
        case .standardLongAMNoSeconds: "YYYY-MM-DD HH:MI AM"
        case .standardLongAMNoMillis: "YYYY-MM-DD HH:MI:SS AM"
        case .standardLongNoDelimiters: "YYYYMMDD HH24:MI:SS"
        case .excelFullCSV: "MM/DD/YYYY HH:MI:SS AM"
        case .standardLongSlash, .standardLongSlashNoMillis: "YYYY/MM/DD HH24:MI:SS"
        case .usLongSlashAMNoSeconds: "MM/DD/YYYY HH:MIAM"
        case .usLongSlashNoMillis: "MM/DD/RRRR HH24:MI:SS"
        case .usLongSlashNoSeconds: "MM/DD/YYYY HH24:MI"
        case .usLongAMNoMillis: "MM-DD-YYYY HH:MI:SS AM"
        case .usLongAMNoSeconds: "MM-DD-YYYY HH:MIAM"
        case .usLongNoSeconds: "MM-DD-YYYY HH24:MI"
        case .oracleAMDateTime: "DD-MON-YYYY HH:MI:SS AM"
        case .oracleRRRRDateTime: "DD-MON-RRRR HH24:MI:SS"
        case .oracleRRRRAMNoSeconds: "DD-MON-RRRR HH:MI AM"
        case .oracleRRDateTime: "DD-MON-RR HH24:MI:SS"
        case .oracleRRAMNoSeconds: "DD-MON-RR HH:MI AM"
        case .euLongSlashNoMillis: "DD/MM/YYYY HH24:MI:SS"
        }
    }
}
