"""Calls about money: wallet, plan, what each phone cost."""

from __future__ import annotations

from pydantic import Field

from simulator.cloud import CallBody, Cloud, Endpoint, Nothing

SEARCH_DAYS = 3
PHONE, BALANCE, CAP_REACHED = 1, 2, 8


class Transactions(CallBody):
    id: str = ""
    startAt: int = 0
    endAt: int = 0
    limit: int = Field(default=100, ge=1, le=1000)
    lastFlowId: str = ""


def wallet(cloud: Cloud, _body: Nothing) -> dict[str, object]:
    return {"balance": round(cloud.farm.balance(), 4), "giftMoney": 0.0, "availableTimeAddOn": 0}


def plan(cloud: Cloud, _body: Nothing) -> dict[str, object]:
    profiles = len(cloud.farm.phones)
    return {
        "plan": 1,
        "profiles": profiles,
        "monthlyRental": 0,
        "parallels": 0,
        "expirationTime": int(cloud.farm.clock.moment().timestamp()) + 30 * 86_400,
        "monthlyFee": 19.0,
        "availableProfiles": 0,
        "availableMonthlyRentals": 0,
    }


def transactions(cloud: Cloud, body: Transactions) -> dict[str, object]:
    """Newest first; `lastFlowId` continues behind the last row of the page before."""
    origin = cloud.farm.clock.origin.timestamp()
    rows: list[dict[str, object]] = []
    total = 0
    past = int(body.lastFlowId) if body.lastFlowId.isdigit() else None
    for charge in reversed(cloud.farm.meter.charges):
        made = int(origin + cloud.farm.clock.real_seconds(charge.ended))
        in_time = made >= body.startAt and (not body.endAt or made <= body.endAt)
        if not in_time or body.id not in ("", charge.phone):
            continue
        total += 1
        if (past is None or charge.flow_id < past) and len(rows) < body.limit:
            rows.append(
                {
                    "id": str(charge.flow_id),
                    "envId": charge.phone,
                    "type": PHONE,
                    "chargeType": CAP_REACHED if charge.capped else BALANCE,
                    "amount": round(charge.amount, 6),
                    "usedTime": charge.minutes,
                    "createdTime": made,
                }
            )
    return {
        "total": total,
        "page": 1,
        "pageSize": body.limit,
        "list": rows,
        "lastFlowId": str(rows[-1]["id"]) if rows else "",
    }


ENDPOINTS = {
    "pay/wallet": Endpoint(Nothing, wallet),
    "pay/plan/info": Endpoint(Nothing, plan),
    "billing/transaction/detail": Endpoint(Transactions, transactions),
}
