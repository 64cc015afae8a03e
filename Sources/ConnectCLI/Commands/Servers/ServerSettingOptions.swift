import ArgumentParser
import ConnectModel

/// Settings and secrets of a server on the command line; a secret's value is never among them (OPS-3).
struct ServerSettingOptions: ParsableArguments {
    @OptionGroup var values: SettingOptions

    func settingValues() throws -> [String: String] { try values.settings() }
    func secretValues() throws -> [String: Secret] { try values.secrets.values() }
    func secretReferences() throws -> [String: SecretReference] { try values.secrets.references() }
}
