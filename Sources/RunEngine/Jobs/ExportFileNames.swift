import ConnectModel
public import StoreAPI

/// The account's form of the names of exported files (EXP-3).
public enum ExportFileNames {
    /// Where the account has not chosen one.
    public static let standardForm = "{JOB}_{RUN}_{PREFIX}{NAME}{SUFFIX}"
    /// Among the account's settings; its value has `file_name`.
    public static let settingName = "export"
    private static let tokens = ["{JOB}", "{RUN}", "{PREFIX}", "{NAME}", "{SUFFIX}"]

    public static func form(_ control: any ControlStore) throws -> String {
        try control.setting(settingName)?["file_name"]?.stringValue ?? standardForm
    }

    /// Why a form cannot be one, or nil. The run's number must be in it: it alone keeps two files from ever meeting.
    public static func problem(withForm form: String) -> String? {
        for token in ["{RUN}", "{NAME}"] where !form.contains(token) {
            return "The form of file names needs \(token); it may have \(tokens.joined(separator: " "))."
        }
        let rest = tokens.reduce(form) { $0.replacing($1, with: "") }
        guard !rest.contains(where: { "{}/\0".contains($0) }), !form.hasPrefix(".") else {
            return "Besides \(tokens.joined(separator: " ")) the form holds text without braces and slashes, and does not begin with a dot."
        }
        return nil
    }
}
