import ConnectorKit
public import PluginABI

/// The three kinds of ORCE import as one library (ORC-1).
public enum ORCELibrary {
    public static func table(_ host: UnsafePointer<ch_host>?) -> UnsafePointer<ch_library>? {
        JobLibrary.export([LoyaltyProgramImport.self, CustomerAttributesImport.self, StratifiedSegmentsImport.self], host: host)
    }
}

/// What Oracle Retail Customer Engagement exports, and the connector takes in.
enum ORCEData: String, CaseIterable {
    case loyalty, attributes, segments

    var title: String {
        switch self {
        case .loyalty: "Import ORCE Loyalty Program"
        case .attributes: "Import ORCE Customer Attributes"
        case .segments: "Import ORCE Stratified Segments"
        }
    }

    var summary: String {
        switch self {
        case .loyalty: "Loyalty and award accounts of Oracle Retail Customer Engagement, into a profile extension table."
        case .attributes: "Customer attributes of Oracle Retail Customer Engagement, into a profile extension table."
        case .segments: "Memberships in stratified segments of Oracle Retail Customer Engagement, into a profile extension table."
        }
    }

    /// What the files are called when the account says nothing. Ours: the names are configuration in ORCE too.
    var fileName: String {
        switch self {
        case .loyalty: "*_LoyaltyAccountsSync*"
        case .attributes: "*_CustomersSync*"
        case .segments: "*_SegmentsSync*"
        }
    }
}

enum LoyaltyProgramImport: ORCEImportKind {
    static let data = ORCEData.loyalty
}

enum CustomerAttributesImport: ORCEImportKind {
    static let data = ORCEData.attributes
}

enum StratifiedSegmentsImport: ORCEImportKind {
    static let data = ORCEData.segments
}
