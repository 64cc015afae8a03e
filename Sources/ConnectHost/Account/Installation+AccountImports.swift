import ConnectModel
import RecordEngine
public import RunEngine
import StoreAPI

extension Installation {
    public func accountImports() throws -> AccountImports {
        try control.setting(AccountImports.settingName).map(AccountImports.init) ?? AccountImports()
    }

    /// Changes what jobs leave to the account; what is not given stays, an empty text takes a setting back to its default.
    public func setAccountImports(_ texts: [String: String]) throws -> AccountImports {
        let values = try SettingTexts(texts, changing: control.setting(AccountImports.settingName), known: ["mobile_format", "mobile_country"])
        let account = AccountImports(
            mobileFormat: try values.choice("mobile_format", CheckRules.MobileFormat.e164), mobileCountry: values.text("mobile_country")?.uppercased()
        )
        if let country = account.mobileCountry, !CheckRules.isCountry(country) {
            throw ConnectError(
                "setting.value", .configuration, "\"\(country)\" is no ISO code of a country.", remedy: "Write two letters such as DE.")
        }
        try control.setSetting(AccountImports.settingName, account.json)
        return account
    }
}
