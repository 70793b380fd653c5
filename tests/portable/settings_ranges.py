# SPDX-License-Identifier: MIT
"""Every setting at and beyond the ends of its range, by number and by name; then the advertisement."""

from kneecore import gatt, settings, wire

values = settings.Settings()
for number, setting in enumerate(settings.TABLE):
    print(number, setting.name, setting.default, setting.low, setting.high, setting.unit)
    for value in (setting.low - 1, setting.low, setting.high, setting.high + 1):
        try:
            values.set(number, value)
        except settings.SettingError as error:
            print(error)
        print(getattr(values, setting.name), values.get(setting.name))

for key in ("no_such", -1, 255):
    try:
        settings.find(key)
    except settings.SettingError as error:
        print(error)

print(gatt.advertisement(wire.MAJOR, b"\x01\x02\x03"))
print(gatt.scan_response(b"\x01\x02\x03"))
for uuid, properties in gatt.CHARACTERISTICS:
    print(uuid, properties)
