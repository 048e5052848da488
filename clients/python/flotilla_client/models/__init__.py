"""Bodies of requests and answers; each is read when it is first named, since most programs need few of them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .accepted_response import AcceptedResponse
    from .account_list import AccountList
    from .account_response import AccountResponse
    from .account_response_balances import AccountResponseBalances
    from .act import Act
    from .act_response import ActResponse
    from .action_page import ActionPage
    from .action_response import ActionResponse
    from .action_response_kind import ActionResponseKind
    from .allocation_response import AllocationResponse
    from .api_token_response import ApiTokenResponse
    from .audit_page import AuditPage
    from .audit_response import AuditResponse
    from .audit_response_after_type_0 import AuditResponseAfterType0
    from .audit_response_before_type_0 import AuditResponseBeforeType0
    from .balance_response import BalanceResponse
    from .bot_configuration_response import BotConfigurationResponse
    from .bot_configuration_response_configuration_type_0 import (
        BotConfigurationResponseConfigurationType0,
    )
    from .bot_configuration_response_fields import BotConfigurationResponseFields
    from .bot_create import BotCreate
    from .bot_create_parameters_type_0 import BotCreateParametersType0
    from .bot_history import BotHistory
    from .bot_history_point import BotHistoryPoint
    from .bot_history_range import BotHistoryRange
    from .bot_page import BotPage
    from .bot_patch import BotPatch
    from .bot_patch_parameters_type_0 import BotPatchParametersType0
    from .bot_policy_response import BotPolicyResponse
    from .bot_position import BotPosition
    from .bot_position_mode import BotPositionMode
    from .bot_preview_response import BotPreviewResponse
    from .bot_preview_response_configuration_type_0 import (
        BotPreviewResponseConfigurationType0,
    )
    from .bot_preview_response_fields import BotPreviewResponseFields
    from .bot_response import BotResponse
    from .bot_response_access import BotResponseAccess
    from .bot_response_open_trades import BotResponseOpenTrades
    from .bot_response_parameters import BotResponseParameters
    from .bot_response_trading import BotResponseTrading
    from .bot_risk_response import BotRiskResponse
    from .bot_share_response import BotShareResponse
    from .bot_strategy_response import BotStrategyResponse
    from .bot_version import BotVersion
    from .break_even import BreakEven
    from .break_even_state_response import BreakEvenStateResponse
    from .break_response import BreakResponse
    from .budget_response import BudgetResponse
    from .candle_page import CandlePage
    from .candle_response import CandleResponse
    from .capital_move import CapitalMove
    from .chain_response import ChainResponse
    from .chain_response_seal import ChainResponseSeal
    from .challenge_response import ChallengeResponse
    from .challenge_response_passkey_options_type_0 import (
        ChallengeResponsePasskeyOptionsType0,
    )
    from .change_response import ChangeResponse
    from .check_again import CheckAgain
    from .close_request import CloseRequest
    from .close_request_which import CloseRequestWhich
    from .closed_trade_response import ClosedTradeResponse
    from .condition_response import ConditionResponse
    from .cool_down import CoolDown
    from .credential import Credential
    from .credential_response import CredentialResponse
    from .currency_totals import CurrencyTotals
    from .deactivated_response import DeactivatedResponse
    from .delete_bot_open_trades_type_0 import DeleteBotOpenTradesType0
    from .desired_state import DesiredState
    from .dial_request import DialRequest
    from .dial_response import DialResponse
    from .dial_response_document import DialResponseDocument
    from .disk_page import DiskPage
    from .disk_response import DiskResponse
    from .effective_policy_response import EffectivePolicyResponse
    from .effective_policy_response_document import EffectivePolicyResponseDocument
    from .effective_policy_response_sources import EffectivePolicyResponseSources
    from .entry_kind import EntryKind
    from .equity_size import EquitySize
    from .event_page import EventPage
    from .event_response import EventResponse
    from .event_response_data import EventResponseData
    from .event_type import EventType
    from .exceeded_response import ExceededResponse
    from .exchange_figures import ExchangeFigures
    from .exchange_list import ExchangeList
    from .exchange_response import ExchangeResponse
    from .exchange_response_trading_modes_item import ExchangeResponseTradingModesItem
    from .exchange_traffic import ExchangeTraffic
    from .exchange_traffic_breaker import ExchangeTrafficBreaker
    from .exit_response import ExitResponse
    from .exposure import Exposure
    from .factors_reset import FactorsReset
    from .factors_response import FactorsResponse
    from .facts_response import FactsResponse
    from .finding_page import FindingPage
    from .findings_finding_response import FindingsFindingResponse
    from .findings_finding_response_evidence import FindingsFindingResponseEvidence
    from .fixed_size import FixedSize
    from .flaw_kind import FlawKind
    from .flaw_response import FlawResponse
    from .followed_prices import FollowedPrices
    from .followed_prices_market import FollowedPricesMarket
    from .followed_prices_way import FollowedPricesWay
    from .freq_ui_bot_response import FreqUiBotResponse
    from .freqtrade_bot_list import FreqtradeBotList
    from .freqtrade_bot_list_frequi import FreqtradeBotListFrequi
    from .freqtrade_bot_response import FreqtradeBotResponse
    from .gateway_response import GatewayResponse
    from .get_bot_history_range import GetBotHistoryRange
    from .get_portfolio_history_range import GetPortfolioHistoryRange
    from .group_exposure import GroupExposure
    from .group_exposure_timeframe import GroupExposureTimeframe
    from .guardrails import Guardrails
    from .halt_request import HaltRequest
    from .halt_request_scope import HaltRequestScope
    from .halt_response import HaltResponse
    from .hard_stop import HardStop
    from .hard_stop_state_response import HardStopStateResponse
    from .health_health_response import HealthHealthResponse
    from .held_response import HeldResponse
    from .history import History
    from .history_point import HistoryPoint
    from .history_range import HistoryRange
    from .identities_response import IdentitiesResponse
    from .identity_response import IdentityResponse
    from .inspection import Inspection
    from .inspection_response import InspectionResponse
    from .invitation_accept import InvitationAccept
    from .invitation_create import InvitationCreate
    from .invitation_create_role import InvitationCreateRole
    from .invitation_made_response import InvitationMadeResponse
    from .invitation_page import InvitationPage
    from .invitation_response import InvitationResponse
    from .isolation_part import IsolationPart
    from .isolation_part_name import IsolationPartName
    from .isolation_report import IsolationReport
    from .kelly_size import KellySize
    from .key_create import KeyCreate
    from .key_list import KeyList
    from .key_patch import KeyPatch
    from .key_response import KeyResponse
    from .key_secrets import KeySecrets
    from .ladder_level_response import LadderLevelResponse
    from .limits import Limits
    from .list_actions_kind_type_0 import ListActionsKindType0
    from .list_candles_type import ListCandlesType
    from .list_findings_state_type_0 import ListFindingsStateType0
    from .list_pairs_trading_mode import ListPairsTradingMode
    from .list_sparklines_range import ListSparklinesRange
    from .list_trades_state import ListTradesState
    from .live_response import LiveResponse
    from .log_page import LogPage
    from .logging_put import LoggingPut
    from .logging_put_level import LoggingPutLevel
    from .logging_put_modules import LoggingPutModules
    from .logging_put_modules_additional_property import (
        LoggingPutModulesAdditionalProperty,
    )
    from .logging_response import LoggingResponse
    from .logging_response_default_level import LoggingResponseDefaultLevel
    from .logging_response_level import LoggingResponseLevel
    from .logging_response_modules import LoggingResponseModules
    from .logging_response_modules_additional_property import (
        LoggingResponseModulesAdditionalProperty,
    )
    from .login_request import LoginRequest
    from .loss_limit import LossLimit
    from .loss_limit_release import LossLimitRelease
    from .loss_limit_response import LossLimitResponse
    from .loss_limit_scope import LossLimitScope
    from .loss_limit_window import LossLimitWindow
    from .market_emergency import MarketEmergency
    from .market_emergency_release import MarketEmergencyRelease
    from .market_emergency_response import MarketEmergencyResponse
    from .me_response import MeResponse
    from .memory import Memory
    from .memory_estimate_response import MemoryEstimateResponse
    from .memory_estimate_response_basis import MemoryEstimateResponseBasis
    from .memory_response import MemoryResponse
    from .methods_response import MethodsResponse
    from .money_move import MoneyMove
    from .move_page import MovePage
    from .move_request import MoveRequest
    from .move_response import MoveResponse
    from .new_factor_response import NewFactorResponse
    from .new_passkey_response import NewPasskeyResponse
    from .next_level_response import NextLevelResponse
    from .node_page import NodePage
    from .node_response import NodeResponse
    from .node_response_report import NodeResponseReport
    from .observed_state import ObservedState
    from .order_response import OrderResponse
    from .order_response_kind import OrderResponseKind
    from .origin import Origin
    from .pair_list import PairList
    from .pair_response import PairResponse
    from .paper_key_create import PaperKeyCreate
    from .paper_key_create_balances import PaperKeyCreateBalances
    from .passkey_change import PasskeyChange
    from .passkey_login_request import PasskeyLoginRequest
    from .passkey_options_response import PasskeyOptionsResponse
    from .passkey_options_response_options import PasskeyOptionsResponseOptions
    from .passkey_registration import PasskeyRegistration
    from .passkey_response import PasskeyResponse
    from .passkeys_response import PasskeysResponse
    from .password_change import PasswordChange
    from .password_reset import PasswordReset
    from .password_reset_response import PasswordResetResponse
    from .performance_response import PerformanceResponse
    from .place_kind import PlaceKind
    from .placement_response import PlacementResponse
    from .plan_response import PlanResponse
    from .plan_response_goal import PlanResponseGoal
    from .planned_move import PlannedMove
    from .planned_use import PlannedUse
    from .policies_close_response import PoliciesCloseResponse
    from .policies_diff_response import PoliciesDiffResponse
    from .policy_document import PolicyDocument
    from .policy_override import PolicyOverride
    from .policy_page import PolicyPage
    from .policy_response import PolicyResponse
    from .policy_response_document_type_0 import PolicyResponseDocumentType0
    from .pool_condition_response import PoolConditionResponse
    from .pool_create import PoolCreate
    from .pool_page import PoolPage
    from .pool_report import PoolReport
    from .pool_response import PoolResponse
    from .pool_sync_response import PoolSyncResponse
    from .pools_check_response import PoolsCheckResponse
    from .pools_health_response import PoolsHealthResponse
    from .pools_leg_response import PoolsLegResponse
    from .pools_leg_response_left import PoolsLegResponseLeft
    from .portfolio import Portfolio
    from .posting_response import PostingResponse
    from .preferences import Preferences
    from .preferences_change import PreferencesChange
    from .preferences_change_default_range_type_0 import (
        PreferencesChangeDefaultRangeType0,
    )
    from .preferences_change_density_type_0 import PreferencesChangeDensityType0
    from .preferences_change_theme_type_0 import PreferencesChangeThemeType0
    from .preferences_default_range import PreferencesDefaultRange
    from .preferences_density import PreferencesDensity
    from .preferences_theme import PreferencesTheme
    from .preset_page import PresetPage
    from .preset_response import PresetResponse
    from .preset_response_document import PresetResponseDocument
    from .preview_problem_response import PreviewProblemResponse
    from .preview_problem_response_params import PreviewProblemResponseParams
    from .preview_response import PreviewResponse
    from .preview_wallet_response import PreviewWalletResponse
    from .problem import Problem
    from .problem_params import ProblemParams
    from .profile_change import ProfileChange
    from .provider_response import ProviderResponse
    from .push_key_response import PushKeyResponse
    from .push_key_response_kinds_item import PushKeyResponseKindsItem
    from .push_keys import PushKeys
    from .push_kind import PushKind
    from .push_test import PushTest
    from .push_test_response import PushTestResponse
    from .quiet_hours import QuietHours
    from .quota_left_response import QuotaLeftResponse
    from .quotas_change import QuotasChange
    from .quotas_response import QuotasResponse
    from .rate import Rate
    from .ready_response import ReadyResponse
    from .ready_response_checks import ReadyResponseChecks
    from .rebalance_request import RebalanceRequest
    from .rebalance_request_goal_type_0 import RebalanceRequestGoalType0
    from .recovery_codes_response import RecoveryCodesResponse
    from .redirect_response import RedirectResponse
    from .reduce_request import ReduceRequest
    from .reduce_request_scope import ReduceRequestScope
    from .refused_field_response import RefusedFieldResponse
    from .release_request import ReleaseRequest
    from .release_request_scope import ReleaseRequestScope
    from .removal_response import RemovalResponse
    from .reservation_response import ReservationResponse
    from .returns_response import ReturnsResponse
    from .returns_response_mode import ReturnsResponseMode
    from .revert_request import RevertRequest
    from .risk_response import RiskResponse
    from .risk_size import RiskSize
    from .roll_back import RollBack
    from .rollout_create import RolloutCreate
    from .rollout_page import RolloutPage
    from .rollout_response import RolloutResponse
    from .rollout_start import RolloutStart
    from .rotate_request import RotateRequest
    from .rotate_response import RotateResponse
    from .second_factor_request import SecondFactorRequest
    from .session_page import SessionPage
    from .session_response import SessionResponse
    from .sessions_ended_response import SessionsEndedResponse
    from .settle_request import SettleRequest
    from .settle_request_how import SettleRequestHow
    from .share_change import ShareChange
    from .share_change_level import ShareChangeLevel
    from .share_create import ShareCreate
    from .share_create_level import ShareCreateLevel
    from .share_create_what import ShareCreateWhat
    from .share_list import ShareList
    from .share_page import SharePage
    from .share_put import SharePut
    from .share_put_level import SharePutLevel
    from .sharing_share_response import SharingShareResponse
    from .sharing_share_response_level import SharingShareResponseLevel
    from .sharing_share_response_what import SharingShareResponseWhat
    from .slot_page import SlotPage
    from .slot_response import SlotResponse
    from .source_response import SourceResponse
    from .sparkline import Sparkline
    from .sparklines import Sparklines
    from .sparklines_range import SparklinesRange
    from .specification_response import SpecificationResponse
    from .specification_response_parameters import SpecificationResponseParameters
    from .specification_response_trading import SpecificationResponseTrading
    from .stage_response import StageResponse
    from .statement_page import StatementPage
    from .step_up_request import StepUpRequest
    from .step_up_response import StepUpResponse
    from .stop_bot_open_trades_type_0 import StopBotOpenTradesType0
    from .stop_request import StopRequest
    from .stop_request_open_trades import StopRequestOpenTrades
    from .stop_response import StopResponse
    from .strategies_check_response import StrategiesCheckResponse
    from .strategies_diff_response import StrategiesDiffResponse
    from .strategies_finding_response import StrategiesFindingResponse
    from .strategies_leg_response import StrategiesLegResponse
    from .strategies_share_response import StrategiesShareResponse
    from .strategy_choice import StrategyChoice
    from .strategy_create import StrategyCreate
    from .strategy_page import StrategyPage
    from .strategy_response import StrategyResponse
    from .stream_market_type import StreamMarketType
    from .subscription_create import SubscriptionCreate
    from .subscription_list import SubscriptionList
    from .subscription_response import SubscriptionResponse
    from .sync_response import SyncResponse
    from .tag_put import TagPut
    from .take_profit import TakeProfit
    from .take_profit_level import TakeProfitLevel
    from .template_defaults_response import TemplateDefaultsResponse
    from .template_page import TemplatePage
    from .template_response import TemplateResponse
    from .template_response_parameters import TemplateResponseParameters
    from .ticket_request import TicketRequest
    from .ticket_request_purpose import TicketRequestPurpose
    from .ticket_response import TicketResponse
    from .time_exit import TimeExit
    from .time_exit_state_response import TimeExitStateResponse
    from .token_create import TokenCreate
    from .token_create_scopes_item import TokenCreateScopesItem
    from .token_made_response import TokenMadeResponse
    from .token_page import TokenPage
    from .token_response import TokenResponse
    from .token_rotation_response import TokenRotationResponse
    from .totals import Totals
    from .totp_confirmation import TotpConfirmation
    from .totp_response import TotpResponse
    from .trade_levels_response import TradeLevelsResponse
    from .trade_page import TradePage
    from .trade_preview_response import TradePreviewResponse
    from .trade_response import TradeResponse
    from .trade_response_state import TradeResponseState
    from .trade_response_trading import TradeResponseTrading
    from .trade_stop_response import TradeStopResponse
    from .trades_close_response import TradesCloseResponse
    from .trading_hours import TradingHours
    from .trading_hours_days_item import TradingHoursDaysItem
    from .traffic_response import TrafficResponse
    from .trailing_state_response import TrailingStateResponse
    from .trailing_stop import TrailingStop
    from .transaction_response import TransactionResponse
    from .transaction_response_data import TransactionResponseData
    from .use_response import UseResponse
    from .user_change import UserChange
    from .user_change_role_type_0 import UserChangeRoleType0
    from .user_create import UserCreate
    from .user_create_role import UserCreateRole
    from .user_deactivate import UserDeactivate
    from .user_made_response import UserMadeResponse
    from .user_overview import UserOverview
    from .user_overview_second_factors_item import UserOverviewSecondFactorsItem
    from .user_page import UserPage
    from .user_reactivate import UserReactivate
    from .user_response import UserResponse
    from .value_source_response import ValueSourceResponse
    from .vault_response import VaultResponse
    from .vault_response_wrapping import VaultResponseWrapping
    from .verify_response import VerifyResponse
    from .version_create import VersionCreate
    from .version_page import VersionPage
    from .version_response import VersionResponse
    from .version_rollout_page import VersionRolloutPage
    from .version_rollout_response import VersionRolloutResponse
    from .volatility_size import VolatilitySize
    from .waking_reason_response import WakingReasonResponse
    from .waking_response import WakingResponse
    from .waking_response_mode import WakingResponseMode
    from .wallet_create import WalletCreate
    from .wallet_create_kind import WalletCreateKind
    from .wallet_create_market import WalletCreateMarket
    from .wallet_page import WalletPage
    from .wallet_rename import WalletRename
    from .wallet_response import WalletResponse
    from .wallets_check_response import WalletsCheckResponse
    from .way import Way
    from .zygote_report import ZygoteReport
    from .zygote_report_state import ZygoteReportState

_MODULES = {
    "AcceptedResponse": ".accepted_response",
    "AccountList": ".account_list",
    "AccountResponse": ".account_response",
    "AccountResponseBalances": ".account_response_balances",
    "Act": ".act",
    "ActResponse": ".act_response",
    "ActionPage": ".action_page",
    "ActionResponse": ".action_response",
    "ActionResponseKind": ".action_response_kind",
    "AllocationResponse": ".allocation_response",
    "ApiTokenResponse": ".api_token_response",
    "AuditPage": ".audit_page",
    "AuditResponse": ".audit_response",
    "AuditResponseAfterType0": ".audit_response_after_type_0",
    "AuditResponseBeforeType0": ".audit_response_before_type_0",
    "BalanceResponse": ".balance_response",
    "BotConfigurationResponse": ".bot_configuration_response",
    "BotConfigurationResponseConfigurationType0": ".bot_configuration_response_configuration_type_0",
    "BotConfigurationResponseFields": ".bot_configuration_response_fields",
    "BotCreate": ".bot_create",
    "BotCreateParametersType0": ".bot_create_parameters_type_0",
    "BotHistory": ".bot_history",
    "BotHistoryPoint": ".bot_history_point",
    "BotHistoryRange": ".bot_history_range",
    "BotPage": ".bot_page",
    "BotPatch": ".bot_patch",
    "BotPatchParametersType0": ".bot_patch_parameters_type_0",
    "BotPolicyResponse": ".bot_policy_response",
    "BotPosition": ".bot_position",
    "BotPositionMode": ".bot_position_mode",
    "BotPreviewResponse": ".bot_preview_response",
    "BotPreviewResponseConfigurationType0": ".bot_preview_response_configuration_type_0",
    "BotPreviewResponseFields": ".bot_preview_response_fields",
    "BotResponse": ".bot_response",
    "BotResponseAccess": ".bot_response_access",
    "BotResponseOpenTrades": ".bot_response_open_trades",
    "BotResponseParameters": ".bot_response_parameters",
    "BotResponseTrading": ".bot_response_trading",
    "BotRiskResponse": ".bot_risk_response",
    "BotShareResponse": ".bot_share_response",
    "BotStrategyResponse": ".bot_strategy_response",
    "BotVersion": ".bot_version",
    "BreakEven": ".break_even",
    "BreakEvenStateResponse": ".break_even_state_response",
    "BreakResponse": ".break_response",
    "BudgetResponse": ".budget_response",
    "CandlePage": ".candle_page",
    "CandleResponse": ".candle_response",
    "CapitalMove": ".capital_move",
    "ChainResponse": ".chain_response",
    "ChainResponseSeal": ".chain_response_seal",
    "ChallengeResponse": ".challenge_response",
    "ChallengeResponsePasskeyOptionsType0": ".challenge_response_passkey_options_type_0",
    "ChangeResponse": ".change_response",
    "CheckAgain": ".check_again",
    "CloseRequest": ".close_request",
    "CloseRequestWhich": ".close_request_which",
    "ClosedTradeResponse": ".closed_trade_response",
    "ConditionResponse": ".condition_response",
    "CoolDown": ".cool_down",
    "Credential": ".credential",
    "CredentialResponse": ".credential_response",
    "CurrencyTotals": ".currency_totals",
    "DeactivatedResponse": ".deactivated_response",
    "DeleteBotOpenTradesType0": ".delete_bot_open_trades_type_0",
    "DesiredState": ".desired_state",
    "DialRequest": ".dial_request",
    "DialResponse": ".dial_response",
    "DialResponseDocument": ".dial_response_document",
    "DiskPage": ".disk_page",
    "DiskResponse": ".disk_response",
    "EffectivePolicyResponse": ".effective_policy_response",
    "EffectivePolicyResponseDocument": ".effective_policy_response_document",
    "EffectivePolicyResponseSources": ".effective_policy_response_sources",
    "EntryKind": ".entry_kind",
    "EquitySize": ".equity_size",
    "EventPage": ".event_page",
    "EventResponse": ".event_response",
    "EventResponseData": ".event_response_data",
    "EventType": ".event_type",
    "ExceededResponse": ".exceeded_response",
    "ExchangeFigures": ".exchange_figures",
    "ExchangeList": ".exchange_list",
    "ExchangeResponse": ".exchange_response",
    "ExchangeResponseTradingModesItem": ".exchange_response_trading_modes_item",
    "ExchangeTraffic": ".exchange_traffic",
    "ExchangeTrafficBreaker": ".exchange_traffic_breaker",
    "ExitResponse": ".exit_response",
    "Exposure": ".exposure",
    "FactorsReset": ".factors_reset",
    "FactorsResponse": ".factors_response",
    "FactsResponse": ".facts_response",
    "FindingPage": ".finding_page",
    "FindingsFindingResponse": ".findings_finding_response",
    "FindingsFindingResponseEvidence": ".findings_finding_response_evidence",
    "FixedSize": ".fixed_size",
    "FlawKind": ".flaw_kind",
    "FlawResponse": ".flaw_response",
    "FollowedPrices": ".followed_prices",
    "FollowedPricesMarket": ".followed_prices_market",
    "FollowedPricesWay": ".followed_prices_way",
    "FreqUiBotResponse": ".freq_ui_bot_response",
    "FreqtradeBotList": ".freqtrade_bot_list",
    "FreqtradeBotListFrequi": ".freqtrade_bot_list_frequi",
    "FreqtradeBotResponse": ".freqtrade_bot_response",
    "GatewayResponse": ".gateway_response",
    "GetBotHistoryRange": ".get_bot_history_range",
    "GetPortfolioHistoryRange": ".get_portfolio_history_range",
    "GroupExposure": ".group_exposure",
    "GroupExposureTimeframe": ".group_exposure_timeframe",
    "Guardrails": ".guardrails",
    "HaltRequest": ".halt_request",
    "HaltRequestScope": ".halt_request_scope",
    "HaltResponse": ".halt_response",
    "HardStop": ".hard_stop",
    "HardStopStateResponse": ".hard_stop_state_response",
    "HealthHealthResponse": ".health_health_response",
    "HeldResponse": ".held_response",
    "History": ".history",
    "HistoryPoint": ".history_point",
    "HistoryRange": ".history_range",
    "IdentitiesResponse": ".identities_response",
    "IdentityResponse": ".identity_response",
    "Inspection": ".inspection",
    "InspectionResponse": ".inspection_response",
    "InvitationAccept": ".invitation_accept",
    "InvitationCreate": ".invitation_create",
    "InvitationCreateRole": ".invitation_create_role",
    "InvitationMadeResponse": ".invitation_made_response",
    "InvitationPage": ".invitation_page",
    "InvitationResponse": ".invitation_response",
    "IsolationPart": ".isolation_part",
    "IsolationPartName": ".isolation_part_name",
    "IsolationReport": ".isolation_report",
    "KellySize": ".kelly_size",
    "KeyCreate": ".key_create",
    "KeyList": ".key_list",
    "KeyPatch": ".key_patch",
    "KeyResponse": ".key_response",
    "KeySecrets": ".key_secrets",
    "LadderLevelResponse": ".ladder_level_response",
    "Limits": ".limits",
    "ListActionsKindType0": ".list_actions_kind_type_0",
    "ListCandlesType": ".list_candles_type",
    "ListFindingsStateType0": ".list_findings_state_type_0",
    "ListPairsTradingMode": ".list_pairs_trading_mode",
    "ListSparklinesRange": ".list_sparklines_range",
    "ListTradesState": ".list_trades_state",
    "LiveResponse": ".live_response",
    "LogPage": ".log_page",
    "LoggingPut": ".logging_put",
    "LoggingPutLevel": ".logging_put_level",
    "LoggingPutModules": ".logging_put_modules",
    "LoggingPutModulesAdditionalProperty": ".logging_put_modules_additional_property",
    "LoggingResponse": ".logging_response",
    "LoggingResponseDefaultLevel": ".logging_response_default_level",
    "LoggingResponseLevel": ".logging_response_level",
    "LoggingResponseModules": ".logging_response_modules",
    "LoggingResponseModulesAdditionalProperty": ".logging_response_modules_additional_property",
    "LoginRequest": ".login_request",
    "LossLimit": ".loss_limit",
    "LossLimitRelease": ".loss_limit_release",
    "LossLimitResponse": ".loss_limit_response",
    "LossLimitScope": ".loss_limit_scope",
    "LossLimitWindow": ".loss_limit_window",
    "MarketEmergency": ".market_emergency",
    "MarketEmergencyRelease": ".market_emergency_release",
    "MarketEmergencyResponse": ".market_emergency_response",
    "MeResponse": ".me_response",
    "Memory": ".memory",
    "MemoryEstimateResponse": ".memory_estimate_response",
    "MemoryEstimateResponseBasis": ".memory_estimate_response_basis",
    "MemoryResponse": ".memory_response",
    "MethodsResponse": ".methods_response",
    "MoneyMove": ".money_move",
    "MovePage": ".move_page",
    "MoveRequest": ".move_request",
    "MoveResponse": ".move_response",
    "NewFactorResponse": ".new_factor_response",
    "NewPasskeyResponse": ".new_passkey_response",
    "NextLevelResponse": ".next_level_response",
    "NodePage": ".node_page",
    "NodeResponse": ".node_response",
    "NodeResponseReport": ".node_response_report",
    "ObservedState": ".observed_state",
    "OrderResponse": ".order_response",
    "OrderResponseKind": ".order_response_kind",
    "Origin": ".origin",
    "PairList": ".pair_list",
    "PairResponse": ".pair_response",
    "PaperKeyCreate": ".paper_key_create",
    "PaperKeyCreateBalances": ".paper_key_create_balances",
    "PasskeyChange": ".passkey_change",
    "PasskeyLoginRequest": ".passkey_login_request",
    "PasskeyOptionsResponse": ".passkey_options_response",
    "PasskeyOptionsResponseOptions": ".passkey_options_response_options",
    "PasskeyRegistration": ".passkey_registration",
    "PasskeyResponse": ".passkey_response",
    "PasskeysResponse": ".passkeys_response",
    "PasswordChange": ".password_change",
    "PasswordReset": ".password_reset",
    "PasswordResetResponse": ".password_reset_response",
    "PerformanceResponse": ".performance_response",
    "PlaceKind": ".place_kind",
    "PlacementResponse": ".placement_response",
    "PlanResponse": ".plan_response",
    "PlanResponseGoal": ".plan_response_goal",
    "PlannedMove": ".planned_move",
    "PlannedUse": ".planned_use",
    "PoliciesCloseResponse": ".policies_close_response",
    "PoliciesDiffResponse": ".policies_diff_response",
    "PolicyDocument": ".policy_document",
    "PolicyOverride": ".policy_override",
    "PolicyPage": ".policy_page",
    "PolicyResponse": ".policy_response",
    "PolicyResponseDocumentType0": ".policy_response_document_type_0",
    "PoolConditionResponse": ".pool_condition_response",
    "PoolCreate": ".pool_create",
    "PoolPage": ".pool_page",
    "PoolReport": ".pool_report",
    "PoolResponse": ".pool_response",
    "PoolSyncResponse": ".pool_sync_response",
    "PoolsCheckResponse": ".pools_check_response",
    "PoolsHealthResponse": ".pools_health_response",
    "PoolsLegResponse": ".pools_leg_response",
    "PoolsLegResponseLeft": ".pools_leg_response_left",
    "Portfolio": ".portfolio",
    "PostingResponse": ".posting_response",
    "Preferences": ".preferences",
    "PreferencesChange": ".preferences_change",
    "PreferencesChangeDefaultRangeType0": ".preferences_change_default_range_type_0",
    "PreferencesChangeDensityType0": ".preferences_change_density_type_0",
    "PreferencesChangeThemeType0": ".preferences_change_theme_type_0",
    "PreferencesDefaultRange": ".preferences_default_range",
    "PreferencesDensity": ".preferences_density",
    "PreferencesTheme": ".preferences_theme",
    "PresetPage": ".preset_page",
    "PresetResponse": ".preset_response",
    "PresetResponseDocument": ".preset_response_document",
    "PreviewProblemResponse": ".preview_problem_response",
    "PreviewProblemResponseParams": ".preview_problem_response_params",
    "PreviewResponse": ".preview_response",
    "PreviewWalletResponse": ".preview_wallet_response",
    "Problem": ".problem",
    "ProblemParams": ".problem_params",
    "ProfileChange": ".profile_change",
    "ProviderResponse": ".provider_response",
    "PushKeyResponse": ".push_key_response",
    "PushKeyResponseKindsItem": ".push_key_response_kinds_item",
    "PushKeys": ".push_keys",
    "PushKind": ".push_kind",
    "PushTest": ".push_test",
    "PushTestResponse": ".push_test_response",
    "QuietHours": ".quiet_hours",
    "QuotaLeftResponse": ".quota_left_response",
    "QuotasChange": ".quotas_change",
    "QuotasResponse": ".quotas_response",
    "Rate": ".rate",
    "ReadyResponse": ".ready_response",
    "ReadyResponseChecks": ".ready_response_checks",
    "RebalanceRequest": ".rebalance_request",
    "RebalanceRequestGoalType0": ".rebalance_request_goal_type_0",
    "RecoveryCodesResponse": ".recovery_codes_response",
    "RedirectResponse": ".redirect_response",
    "ReduceRequest": ".reduce_request",
    "ReduceRequestScope": ".reduce_request_scope",
    "RefusedFieldResponse": ".refused_field_response",
    "ReleaseRequest": ".release_request",
    "ReleaseRequestScope": ".release_request_scope",
    "RemovalResponse": ".removal_response",
    "ReservationResponse": ".reservation_response",
    "ReturnsResponse": ".returns_response",
    "ReturnsResponseMode": ".returns_response_mode",
    "RevertRequest": ".revert_request",
    "RiskResponse": ".risk_response",
    "RiskSize": ".risk_size",
    "RollBack": ".roll_back",
    "RolloutCreate": ".rollout_create",
    "RolloutPage": ".rollout_page",
    "RolloutResponse": ".rollout_response",
    "RolloutStart": ".rollout_start",
    "RotateRequest": ".rotate_request",
    "RotateResponse": ".rotate_response",
    "SecondFactorRequest": ".second_factor_request",
    "SessionPage": ".session_page",
    "SessionResponse": ".session_response",
    "SessionsEndedResponse": ".sessions_ended_response",
    "SettleRequest": ".settle_request",
    "SettleRequestHow": ".settle_request_how",
    "ShareChange": ".share_change",
    "ShareChangeLevel": ".share_change_level",
    "ShareCreate": ".share_create",
    "ShareCreateLevel": ".share_create_level",
    "ShareCreateWhat": ".share_create_what",
    "ShareList": ".share_list",
    "SharePage": ".share_page",
    "SharePut": ".share_put",
    "SharePutLevel": ".share_put_level",
    "SharingShareResponse": ".sharing_share_response",
    "SharingShareResponseLevel": ".sharing_share_response_level",
    "SharingShareResponseWhat": ".sharing_share_response_what",
    "SlotPage": ".slot_page",
    "SlotResponse": ".slot_response",
    "SourceResponse": ".source_response",
    "Sparkline": ".sparkline",
    "Sparklines": ".sparklines",
    "SparklinesRange": ".sparklines_range",
    "SpecificationResponse": ".specification_response",
    "SpecificationResponseParameters": ".specification_response_parameters",
    "SpecificationResponseTrading": ".specification_response_trading",
    "StageResponse": ".stage_response",
    "StatementPage": ".statement_page",
    "StepUpRequest": ".step_up_request",
    "StepUpResponse": ".step_up_response",
    "StopBotOpenTradesType0": ".stop_bot_open_trades_type_0",
    "StopRequest": ".stop_request",
    "StopRequestOpenTrades": ".stop_request_open_trades",
    "StopResponse": ".stop_response",
    "StrategiesCheckResponse": ".strategies_check_response",
    "StrategiesDiffResponse": ".strategies_diff_response",
    "StrategiesFindingResponse": ".strategies_finding_response",
    "StrategiesLegResponse": ".strategies_leg_response",
    "StrategiesShareResponse": ".strategies_share_response",
    "StrategyChoice": ".strategy_choice",
    "StrategyCreate": ".strategy_create",
    "StrategyPage": ".strategy_page",
    "StrategyResponse": ".strategy_response",
    "StreamMarketType": ".stream_market_type",
    "SubscriptionCreate": ".subscription_create",
    "SubscriptionList": ".subscription_list",
    "SubscriptionResponse": ".subscription_response",
    "SyncResponse": ".sync_response",
    "TagPut": ".tag_put",
    "TakeProfit": ".take_profit",
    "TakeProfitLevel": ".take_profit_level",
    "TemplateDefaultsResponse": ".template_defaults_response",
    "TemplatePage": ".template_page",
    "TemplateResponse": ".template_response",
    "TemplateResponseParameters": ".template_response_parameters",
    "TicketRequest": ".ticket_request",
    "TicketRequestPurpose": ".ticket_request_purpose",
    "TicketResponse": ".ticket_response",
    "TimeExit": ".time_exit",
    "TimeExitStateResponse": ".time_exit_state_response",
    "TokenCreate": ".token_create",
    "TokenCreateScopesItem": ".token_create_scopes_item",
    "TokenMadeResponse": ".token_made_response",
    "TokenPage": ".token_page",
    "TokenResponse": ".token_response",
    "TokenRotationResponse": ".token_rotation_response",
    "Totals": ".totals",
    "TotpConfirmation": ".totp_confirmation",
    "TotpResponse": ".totp_response",
    "TradeLevelsResponse": ".trade_levels_response",
    "TradePage": ".trade_page",
    "TradePreviewResponse": ".trade_preview_response",
    "TradeResponse": ".trade_response",
    "TradeResponseState": ".trade_response_state",
    "TradeResponseTrading": ".trade_response_trading",
    "TradeStopResponse": ".trade_stop_response",
    "TradesCloseResponse": ".trades_close_response",
    "TradingHours": ".trading_hours",
    "TradingHoursDaysItem": ".trading_hours_days_item",
    "TrafficResponse": ".traffic_response",
    "TrailingStateResponse": ".trailing_state_response",
    "TrailingStop": ".trailing_stop",
    "TransactionResponse": ".transaction_response",
    "TransactionResponseData": ".transaction_response_data",
    "UseResponse": ".use_response",
    "UserChange": ".user_change",
    "UserChangeRoleType0": ".user_change_role_type_0",
    "UserCreate": ".user_create",
    "UserCreateRole": ".user_create_role",
    "UserDeactivate": ".user_deactivate",
    "UserMadeResponse": ".user_made_response",
    "UserOverview": ".user_overview",
    "UserOverviewSecondFactorsItem": ".user_overview_second_factors_item",
    "UserPage": ".user_page",
    "UserReactivate": ".user_reactivate",
    "UserResponse": ".user_response",
    "ValueSourceResponse": ".value_source_response",
    "VaultResponse": ".vault_response",
    "VaultResponseWrapping": ".vault_response_wrapping",
    "VerifyResponse": ".verify_response",
    "VersionCreate": ".version_create",
    "VersionPage": ".version_page",
    "VersionResponse": ".version_response",
    "VersionRolloutPage": ".version_rollout_page",
    "VersionRolloutResponse": ".version_rollout_response",
    "VolatilitySize": ".volatility_size",
    "WakingReasonResponse": ".waking_reason_response",
    "WakingResponse": ".waking_response",
    "WakingResponseMode": ".waking_response_mode",
    "WalletCreate": ".wallet_create",
    "WalletCreateKind": ".wallet_create_kind",
    "WalletCreateMarket": ".wallet_create_market",
    "WalletPage": ".wallet_page",
    "WalletRename": ".wallet_rename",
    "WalletResponse": ".wallet_response",
    "WalletsCheckResponse": ".wallets_check_response",
    "Way": ".way",
    "ZygoteReport": ".zygote_report",
    "ZygoteReportState": ".zygote_report_state",
}

__all__ = (
    "AcceptedResponse",
    "AccountList",
    "AccountResponse",
    "AccountResponseBalances",
    "Act",
    "ActionPage",
    "ActionResponse",
    "ActionResponseKind",
    "ActResponse",
    "AllocationResponse",
    "ApiTokenResponse",
    "AuditPage",
    "AuditResponse",
    "AuditResponseAfterType0",
    "AuditResponseBeforeType0",
    "BalanceResponse",
    "BotConfigurationResponse",
    "BotConfigurationResponseConfigurationType0",
    "BotConfigurationResponseFields",
    "BotCreate",
    "BotCreateParametersType0",
    "BotHistory",
    "BotHistoryPoint",
    "BotHistoryRange",
    "BotPage",
    "BotPatch",
    "BotPatchParametersType0",
    "BotPolicyResponse",
    "BotPosition",
    "BotPositionMode",
    "BotPreviewResponse",
    "BotPreviewResponseConfigurationType0",
    "BotPreviewResponseFields",
    "BotResponse",
    "BotResponseAccess",
    "BotResponseOpenTrades",
    "BotResponseParameters",
    "BotResponseTrading",
    "BotRiskResponse",
    "BotShareResponse",
    "BotStrategyResponse",
    "BotVersion",
    "BreakEven",
    "BreakEvenStateResponse",
    "BreakResponse",
    "BudgetResponse",
    "CandlePage",
    "CandleResponse",
    "CapitalMove",
    "ChainResponse",
    "ChainResponseSeal",
    "ChallengeResponse",
    "ChallengeResponsePasskeyOptionsType0",
    "ChangeResponse",
    "CheckAgain",
    "ClosedTradeResponse",
    "CloseRequest",
    "CloseRequestWhich",
    "ConditionResponse",
    "CoolDown",
    "Credential",
    "CredentialResponse",
    "CurrencyTotals",
    "DeactivatedResponse",
    "DeleteBotOpenTradesType0",
    "DesiredState",
    "DialRequest",
    "DialResponse",
    "DialResponseDocument",
    "DiskPage",
    "DiskResponse",
    "EffectivePolicyResponse",
    "EffectivePolicyResponseDocument",
    "EffectivePolicyResponseSources",
    "EntryKind",
    "EquitySize",
    "EventPage",
    "EventResponse",
    "EventResponseData",
    "EventType",
    "ExceededResponse",
    "ExchangeFigures",
    "ExchangeList",
    "ExchangeResponse",
    "ExchangeResponseTradingModesItem",
    "ExchangeTraffic",
    "ExchangeTrafficBreaker",
    "ExitResponse",
    "Exposure",
    "FactorsReset",
    "FactorsResponse",
    "FactsResponse",
    "FindingPage",
    "FindingsFindingResponse",
    "FindingsFindingResponseEvidence",
    "FixedSize",
    "FlawKind",
    "FlawResponse",
    "FollowedPrices",
    "FollowedPricesMarket",
    "FollowedPricesWay",
    "FreqtradeBotList",
    "FreqtradeBotListFrequi",
    "FreqtradeBotResponse",
    "FreqUiBotResponse",
    "GatewayResponse",
    "GetBotHistoryRange",
    "GetPortfolioHistoryRange",
    "GroupExposure",
    "GroupExposureTimeframe",
    "Guardrails",
    "HaltRequest",
    "HaltRequestScope",
    "HaltResponse",
    "HardStop",
    "HardStopStateResponse",
    "HealthHealthResponse",
    "HeldResponse",
    "History",
    "HistoryPoint",
    "HistoryRange",
    "IdentitiesResponse",
    "IdentityResponse",
    "Inspection",
    "InspectionResponse",
    "InvitationAccept",
    "InvitationCreate",
    "InvitationCreateRole",
    "InvitationMadeResponse",
    "InvitationPage",
    "InvitationResponse",
    "IsolationPart",
    "IsolationPartName",
    "IsolationReport",
    "KellySize",
    "KeyCreate",
    "KeyList",
    "KeyPatch",
    "KeyResponse",
    "KeySecrets",
    "LadderLevelResponse",
    "Limits",
    "ListActionsKindType0",
    "ListCandlesType",
    "ListFindingsStateType0",
    "ListPairsTradingMode",
    "ListSparklinesRange",
    "ListTradesState",
    "LiveResponse",
    "LoggingPut",
    "LoggingPutLevel",
    "LoggingPutModules",
    "LoggingPutModulesAdditionalProperty",
    "LoggingResponse",
    "LoggingResponseDefaultLevel",
    "LoggingResponseLevel",
    "LoggingResponseModules",
    "LoggingResponseModulesAdditionalProperty",
    "LoginRequest",
    "LogPage",
    "LossLimit",
    "LossLimitRelease",
    "LossLimitResponse",
    "LossLimitScope",
    "LossLimitWindow",
    "MarketEmergency",
    "MarketEmergencyRelease",
    "MarketEmergencyResponse",
    "Memory",
    "MemoryEstimateResponse",
    "MemoryEstimateResponseBasis",
    "MemoryResponse",
    "MeResponse",
    "MethodsResponse",
    "MoneyMove",
    "MovePage",
    "MoveRequest",
    "MoveResponse",
    "NewFactorResponse",
    "NewPasskeyResponse",
    "NextLevelResponse",
    "NodePage",
    "NodeResponse",
    "NodeResponseReport",
    "ObservedState",
    "OrderResponse",
    "OrderResponseKind",
    "Origin",
    "PairList",
    "PairResponse",
    "PaperKeyCreate",
    "PaperKeyCreateBalances",
    "PasskeyChange",
    "PasskeyLoginRequest",
    "PasskeyOptionsResponse",
    "PasskeyOptionsResponseOptions",
    "PasskeyRegistration",
    "PasskeyResponse",
    "PasskeysResponse",
    "PasswordChange",
    "PasswordReset",
    "PasswordResetResponse",
    "PerformanceResponse",
    "PlaceKind",
    "PlacementResponse",
    "PlannedMove",
    "PlannedUse",
    "PlanResponse",
    "PlanResponseGoal",
    "PoliciesCloseResponse",
    "PoliciesDiffResponse",
    "PolicyDocument",
    "PolicyOverride",
    "PolicyPage",
    "PolicyResponse",
    "PolicyResponseDocumentType0",
    "PoolConditionResponse",
    "PoolCreate",
    "PoolPage",
    "PoolReport",
    "PoolResponse",
    "PoolsCheckResponse",
    "PoolsHealthResponse",
    "PoolsLegResponse",
    "PoolsLegResponseLeft",
    "PoolSyncResponse",
    "Portfolio",
    "PostingResponse",
    "Preferences",
    "PreferencesChange",
    "PreferencesChangeDefaultRangeType0",
    "PreferencesChangeDensityType0",
    "PreferencesChangeThemeType0",
    "PreferencesDefaultRange",
    "PreferencesDensity",
    "PreferencesTheme",
    "PresetPage",
    "PresetResponse",
    "PresetResponseDocument",
    "PreviewProblemResponse",
    "PreviewProblemResponseParams",
    "PreviewResponse",
    "PreviewWalletResponse",
    "Problem",
    "ProblemParams",
    "ProfileChange",
    "ProviderResponse",
    "PushKeyResponse",
    "PushKeyResponseKindsItem",
    "PushKeys",
    "PushKind",
    "PushTest",
    "PushTestResponse",
    "QuietHours",
    "QuotaLeftResponse",
    "QuotasChange",
    "QuotasResponse",
    "Rate",
    "ReadyResponse",
    "ReadyResponseChecks",
    "RebalanceRequest",
    "RebalanceRequestGoalType0",
    "RecoveryCodesResponse",
    "RedirectResponse",
    "ReduceRequest",
    "ReduceRequestScope",
    "RefusedFieldResponse",
    "ReleaseRequest",
    "ReleaseRequestScope",
    "RemovalResponse",
    "ReservationResponse",
    "ReturnsResponse",
    "ReturnsResponseMode",
    "RevertRequest",
    "RiskResponse",
    "RiskSize",
    "RollBack",
    "RolloutCreate",
    "RolloutPage",
    "RolloutResponse",
    "RolloutStart",
    "RotateRequest",
    "RotateResponse",
    "SecondFactorRequest",
    "SessionPage",
    "SessionResponse",
    "SessionsEndedResponse",
    "SettleRequest",
    "SettleRequestHow",
    "ShareChange",
    "ShareChangeLevel",
    "ShareCreate",
    "ShareCreateLevel",
    "ShareCreateWhat",
    "ShareList",
    "SharePage",
    "SharePut",
    "SharePutLevel",
    "SharingShareResponse",
    "SharingShareResponseLevel",
    "SharingShareResponseWhat",
    "SlotPage",
    "SlotResponse",
    "SourceResponse",
    "Sparkline",
    "Sparklines",
    "SparklinesRange",
    "SpecificationResponse",
    "SpecificationResponseParameters",
    "SpecificationResponseTrading",
    "StageResponse",
    "StatementPage",
    "StepUpRequest",
    "StepUpResponse",
    "StopBotOpenTradesType0",
    "StopRequest",
    "StopRequestOpenTrades",
    "StopResponse",
    "StrategiesCheckResponse",
    "StrategiesDiffResponse",
    "StrategiesFindingResponse",
    "StrategiesLegResponse",
    "StrategiesShareResponse",
    "StrategyChoice",
    "StrategyCreate",
    "StrategyPage",
    "StrategyResponse",
    "StreamMarketType",
    "SubscriptionCreate",
    "SubscriptionList",
    "SubscriptionResponse",
    "SyncResponse",
    "TagPut",
    "TakeProfit",
    "TakeProfitLevel",
    "TemplateDefaultsResponse",
    "TemplatePage",
    "TemplateResponse",
    "TemplateResponseParameters",
    "TicketRequest",
    "TicketRequestPurpose",
    "TicketResponse",
    "TimeExit",
    "TimeExitStateResponse",
    "TokenCreate",
    "TokenCreateScopesItem",
    "TokenMadeResponse",
    "TokenPage",
    "TokenResponse",
    "TokenRotationResponse",
    "Totals",
    "TotpConfirmation",
    "TotpResponse",
    "TradeLevelsResponse",
    "TradePage",
    "TradePreviewResponse",
    "TradeResponse",
    "TradeResponseState",
    "TradeResponseTrading",
    "TradesCloseResponse",
    "TradeStopResponse",
    "TradingHours",
    "TradingHoursDaysItem",
    "TrafficResponse",
    "TrailingStateResponse",
    "TrailingStop",
    "TransactionResponse",
    "TransactionResponseData",
    "UserChange",
    "UserChangeRoleType0",
    "UserCreate",
    "UserCreateRole",
    "UserDeactivate",
    "UseResponse",
    "UserMadeResponse",
    "UserOverview",
    "UserOverviewSecondFactorsItem",
    "UserPage",
    "UserReactivate",
    "UserResponse",
    "ValueSourceResponse",
    "VaultResponse",
    "VaultResponseWrapping",
    "VerifyResponse",
    "VersionCreate",
    "VersionPage",
    "VersionResponse",
    "VersionRolloutPage",
    "VersionRolloutResponse",
    "VolatilitySize",
    "WakingReasonResponse",
    "WakingResponse",
    "WakingResponseMode",
    "WalletCreate",
    "WalletCreateKind",
    "WalletCreateMarket",
    "WalletPage",
    "WalletRename",
    "WalletResponse",
    "WalletsCheckResponse",
    "Way",
    "ZygoteReport",
    "ZygoteReportState",
)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(name)
    return getattr(import_module(_MODULES[name], __name__), name)
